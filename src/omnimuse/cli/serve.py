"""`omnimuse serve`: HTTP, the studio, the OpenAI-compatible interface and MCP."""

from __future__ import annotations

import ipaddress
from importlib.util import find_spec
from typing import Any

import click

from omnimuse.errors import ConfigError, InputError

EXTRA = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "mcp")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option("--port", default=8500, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=0, type=click.IntRange(0, 64), help="Worker processes.")
@click.option("--keys/--no-keys", "wants_keys", default=None, help="Ask everyone for a key.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="Answer to this name.")
@click.option("--max-upload-mb", default=200, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--create-key", metavar="OWNER", help="Make a key, print it once, and end.")
@click.option("--scope", "scopes", multiple=True, help="Of --create-key: read, write, admin.")
@click.option("--list-keys", is_flag=True, help="List the keys, and end.")
@click.option("--revoke-key", metavar="ID", help="End a key, and end.")
@click.option("-q", "--quiet", is_flag=True, help="No log lines.")
@click.pass_obj
def command(settings: Any, /, **options: Any) -> None:
    """Serve HTTP and the studio.

    \b
    omnimuse serve                                    http://127.0.0.1:8500, this machine only
    omnimuse serve --create-key alice                 a key for alice
    omnimuse serve --host 0.0.0.0 --allow-host muse.example.org

    Without keys it answers this machine only; it binds to no other address before there is a key.
    """
    require_extra()
    if options["create_key"] or options["list_keys"] or options["revoke_key"]:
        _manage_keys(settings, options)
        return
    from omnimuse.server.options import ServerOptions

    server = ServerOptions(
        host=options["host"],
        port=options["port"],
        workers=options["workers"],
        max_upload_mb=options["max_upload_mb"],
        allowed_hosts=tuple(name.lower() for name in options["hosts"]),
    )
    _serve(settings, server, options)


def require_extra() -> None:
    """Refuse to go on without the packages of the extra `server`.

    Raises:
        ConfigError: names what is missing.
    """
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the server needs {', '.join(missing)}",
            hint="Install it: pip install 'omnimuse[server]'.",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _serve(settings: Any, server: Any, options: dict[str, Any]) -> None:
    import uvicorn

    from omnimuse.server.app import create_app
    from omnimuse.server.telemetry import Telemetry

    has_keys = not _key_store(settings).is_empty
    wants = options["wants_keys"]
    needs_keys = has_keys if wants is None else bool(wants)
    if not is_loopback(server.host) and not (needs_keys and has_keys):
        raise InputError(
            f"{server.host} can be reached from elsewhere, and there is no key",
            hint="Make one first: omnimuse serve --create-key NAME.",
        )
    app = create_app(
        settings, server, needs_keys=needs_keys, telemetry=Telemetry(is_quiet=options["quiet"])
    )
    click.echo(
        f"http://{server.host}:{server.port} ({'keys' if needs_keys else 'local'})", err=True
    )
    uvicorn.run(
        app,
        host=server.host,
        port=server.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        limit_concurrency=1000,
        h11_max_incomplete_event_size=65536,
    )


def _key_store(settings: Any) -> Any:
    from omnimuse.server.database import Database
    from omnimuse.server.keys import KeyStore
    from omnimuse.server.options import Quota

    return KeyStore(Database(settings.home / "server" / "server.sqlite3"), Quota())


def _manage_keys(settings: Any, options: dict[str, Any]) -> None:
    store = _key_store(settings)
    if options["create_key"]:
        key, record = store.create(options["create_key"], options["scopes"] or ("read", "write"))
        click.echo(key)
        click.echo(f"id {record['id']}, scopes {', '.join(record['scopes'])}", err=True)
    if options["revoke_key"]:
        store.revoke(options["revoke_key"])
        click.echo(f"revoked {options['revoke_key']}", err=True)
    if options["list_keys"]:
        for record in store.records():
            state = "revoked" if record["is_revoked"] else ", ".join(record["scopes"])
            click.echo(f"{record['id']}  {record['owner']}  {record['created']}  {state}")
