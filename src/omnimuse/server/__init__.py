"""The server: HTTP, the OpenAI-compatible interface and MCP, as faces over the same flow.

    request -> guard (host, origin, key, quota) -> route -> JobStore -> WorkerPool -> Studio.run

Routes run in the server's process and are cheap; everything that computes runs in worker processes,
with a lower priority, so that a busy machine still answers. Jobs, events and holdings are in SQLite
and outlive the process.
"""
