"""/v1/images: generations, edits, variations."""

from __future__ import annotations

import base64
import io
import re
import secrets
import time
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from omnimuse.errors import UnsupportedMediaError
from omnimuse.graph.kinds import ancestors
from omnimuse.server.depends import JsonBody, TheDesk, Who
from omnimuse.server.desk import Desk
from omnimuse.server.holdings import Held
from omnimuse.server.keys import Principal
from omnimuse.server.openai.agent import check_model, is_agent
from omnimuse.server.openai.replies import (
    ParameterError,
    call_tool,
    event_line,
    file_id,
    results,
    run_job,
    stream,
)
from omnimuse.server.routes_assets import keep
from omnimuse.server.schemas import JobIn

router = APIRouter(prefix="/v1/images", tags=["openai"])
_SIZE = re.compile(r"(\d{2,4})x(\d{2,4})")
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
_MAX_IMAGES = 10
_SIDE = (64, 2048)
_ROLE = "text-to-image"


@router.post("/generations")
async def generate(request: Request, desk: TheDesk, who: Who, body: JsonBody) -> Response:
    """Pictures of a prompt."""
    model = check_model(desk, body.get("model") or "omnimuse", role=_ROLE)
    prompt, count = _prompt(body.get("prompt")), _count(body.get("n"))
    width, height = _size(body.get("size"))
    file_format = _format(body)
    base = secrets.randbelow(2**31) if body.get("seed") is None else int(body["seed"]) % 2**31
    models = {} if is_agent(model) else {_ROLE: model}
    made = []
    for number in range(count):
        found = await call_tool(
            desk,
            who,
            "generate_image",
            {"prompt": prompt, "width": width, "height": height},
            seed=base + number,
            models=models,
        )
        made.append(next(held for held in found if "image" in ancestors(held.kind)))
    if body.get("stream"):
        return await _streamed(desk, who, made, file_format, f"{width}x{height}")
    return await _answer(request, desk, who, made, body.get("response_format"), file_format)


@router.post("/edits")
async def edit(
    request: Request,
    desk: TheDesk,
    who: Who,
    prompt: Annotated[str, Form(max_length=20_000)],
    model: Annotated[str, Form(max_length=100)] = "omnimuse",
    mask: UploadFile | None = None,
    n: Annotated[int, Form()] = 1,
    response_format: Annotated[str | None, Form(max_length=20)] = None,
    output_format: Annotated[str | None, Form(max_length=20)] = None,
) -> Response:
    """Change pictures as the prompt says; a mask (see-through or white) says where."""
    if not is_agent(check_model(desk, model, role=_ROLE)):
        raise ParameterError("edits are made by the model 'omnimuse'", "model")
    form = await request.form()
    files = [value for key in ("image", "image[]") for value in form.getlist(key)]
    uploads = [value for value in files if not isinstance(value, str)]
    if not uploads:
        raise ParameterError("an image is wanted", "image")
    views = [await run_in_threadpool(keep, desk, who, as_upload(u)) for u in uploads[:16]]
    ids = [_image(view, "image") for view in views]
    if mask is not None:
        ids.append(await run_in_threadpool(_keep_mask, desk, who, mask))
    made: list[Held] = []
    for _ in range(_count(n)):
        seed = secrets.randbelow(2**31)
        request_in = JobIn(prompt=_prompt(prompt), attachments=ids, seed=seed)
        job = await run_job(desk, who, request_in)
        if job.status == "needs_input":
            question = str((job.response or {}).get("question") or "say more")
            raise ParameterError(question, "prompt")
        pictures = [h for h in results(desk, who, job) if "image" in ancestors(h.kind)]
        if not pictures:
            raise UnsupportedMediaError("the edit made no picture", hint="Say it another way.")
        made.append(pictures[-1])
    file_format = _format({"output_format": output_format})
    return await _answer(request, desk, who, made, response_format, file_format)


@router.post("/variations")
async def vary(
    request: Request,
    desk: TheDesk,
    who: Who,
    image: UploadFile,
    model: Annotated[str, Form(max_length=100)] = "omnimuse",
    n: Annotated[int, Form()] = 1,
    size: Annotated[str | None, Form(max_length=20)] = None,
    response_format: Annotated[str | None, Form(max_length=20)] = None,
) -> Response:
    """Other pictures of the same things: what is seen is described, and drawn anew."""
    check_model(desk, model, role=_ROLE)
    view = await run_in_threadpool(keep, desk, who, image)
    seen = await call_tool(desk, who, "describe_image", {}, inputs={"image": _image(view, "image")})
    words = desk.holdings.asset(who.owner, seen[0].id).read_text()
    width, height = _size(size)
    made = []
    for number in range(_count(n)):
        arguments = {"prompt": words[:2000], "width": width, "height": height}
        found = await call_tool(
            desk, who, "generate_image", arguments, seed=secrets.randbelow(2**30) + number
        )
        made.append(next(held for held in found if "image" in ancestors(held.kind)))
    return await _answer(request, desk, who, made, response_format, "png")


def encode_image(desk: Desk, who: Principal, held: Held, file_format: str) -> bytes:
    """A picture's bytes in the format that is wanted."""
    asset = desk.holdings.asset(who.owner, held.id)
    if asset.media_type == f"image/{file_format}":
        return asset.read_bytes()
    from omnimuse.assets.media import read_image

    picture = read_image(asset, mode="RGB" if file_format == "jpeg" else "RGBA")
    buffer = io.BytesIO()
    picture.save(buffer, _FORMATS[file_format], quality=92)
    return buffer.getvalue()


async def _answer(
    request: Request,
    desk: Desk,
    who: Principal,
    made: list[Held],
    response_format: Any,
    file_format: str,
) -> Response:
    if response_format not in (None, "b64_json", "url"):
        raise ParameterError("b64_json or url", "response_format")
    data = []
    for held in made:
        if response_format == "url":
            base = str(request.base_url).rstrip("/")
            data.append({"url": f"{base}/v1/files/{file_id(held.id)}/content"})
        else:
            encoded = await run_in_threadpool(encode_image, desk, who, held, file_format)
            data.append({"b64_json": base64.b64encode(encoded).decode()})
    tokens = {"image_tokens": 0, "text_tokens": 0}
    counts = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    return JSONResponse(
        {
            "created": int(time.time()),
            "data": data,
            "output_format": file_format,
            "usage": {**counts, "input_tokens_details": tokens},
        }
    )


async def _streamed(
    desk: Desk, who: Principal, made: list[Held], file_format: str, size: str
) -> Response:
    async def events() -> Any:
        for held in made:
            encoded = await run_in_threadpool(encode_image, desk, who, held, file_format)
            yield event_line(
                {
                    "type": "image_generation.completed",
                    "b64_json": base64.b64encode(encoded).decode(),
                    "created_at": int(time.time()),
                    "size": size,
                    "quality": "high",
                    "background": "opaque",
                    "output_format": file_format,
                    "usage": {
                        "input_tokens": 0,
                        "output_tokens": 0,
                        "total_tokens": 0,
                        "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
                    },
                }
            )

    return stream(events())


def as_upload(value: Any) -> UploadFile:
    """A file of a raw form as the routes have it."""
    return UploadFile(value.file, filename=value.filename)


def _image(view: dict[str, Any], param: str) -> str:
    if "image" not in ancestors(view["kind"]):
        raise ParameterError(f"wanted a picture, got a {view['kind']}", param)
    return str(view["id"])


def _keep_mask(desk: Desk, who: Principal, file: UploadFile) -> str:
    """A mask as this house has it, white where to change; see-through parts count as white."""
    from PIL import Image

    from omnimuse.assets.media import read_image

    view = keep(desk, who, file)
    _image(view, "mask")
    picture = read_image(desk.holdings.asset(who.owner, view["id"]), mode="RGBA")
    alpha = picture.getchannel("A")
    low, high = alpha.getextrema()
    grey = Image.eval(alpha, lambda a: 255 - a) if low != high else picture.convert("L")
    buffer = io.BytesIO()
    grey.save(buffer, "PNG")
    return desk.keep_bytes(who, buffer.getvalue(), name="mask.png", kind="mask").id


def _prompt(prompt: Any) -> str:
    if not isinstance(prompt, str) or not prompt.strip():
        raise ParameterError("say what to see", "prompt")
    return prompt[:20_000]


def _count(n: Any) -> int:
    if n is None:
        return 1
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= _MAX_IMAGES:
        raise ParameterError(f"n is 1 to {_MAX_IMAGES}", "n")
    return n


def _size(size: Any) -> tuple[int, int]:
    if size in (None, "auto"):
        return 1024, 1024
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is None:
        raise ParameterError("size is WIDTHxHEIGHT or auto", "size")
    width, height = int(match[1]), int(match[2])
    if not all(_SIDE[0] <= side <= _SIDE[1] for side in (width, height)):
        raise ParameterError(f"sides of {_SIDE[0]} to {_SIDE[1]} pixels", "size")
    return width, height


def _format(body: dict[str, Any]) -> str:
    wanted = body.get("output_format") or "png"
    if wanted not in _FORMATS:
        raise ParameterError(f"one of {', '.join(_FORMATS)}", "output_format")
    return str(wanted)
