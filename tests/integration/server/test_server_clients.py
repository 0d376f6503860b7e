"""The official clients of OpenAI and of MCP, unmodified, against a real server."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import sys
from pathlib import Path

import openai
import pytest
from PIL import Image

pytestmark = pytest.mark.weights
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city"],
        },
    },
}


@pytest.fixture(scope="module")
def muse(server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=120)


def _size(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


def test_openai_chat_draws_and_changes_what_it_drew(muse) -> None:
    first = muse.chat.completions.create(
        model="omnimuse", messages=[{"role": "user", "content": "draw a red car"}], seed=3
    )
    message = first.choices[0].message
    assert "/v1/files/file-" in message.content
    url = message.model_extra["images"][0]["image_url"]["url"]
    assert _size(base64.b64decode(url.split(",")[1]))[0] >= 512
    history = [
        {"role": "user", "content": "draw a red car"},
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": "make it black and white"},
    ]
    chunks = list(muse.chat.completions.create(
        model="omnimuse", messages=history, stream=True, stream_options={"include_usage": True}
    ))  # fmt: skip
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "![image](/v1/files/file-" in said
    assert chunks[-1].usage.total_tokens > 0
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"


def test_openai_functions_are_called_with_words_of_the_sentence(muse) -> None:
    said = [{"role": "user", "content": "What is the weather in Lisbon?"}]
    first = muse.chat.completions.create(model="omnimuse", messages=said, tools=[WEATHER])
    call = first.choices[0].message.tool_calls[0]
    assert first.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city": "Lisbon"}')
    result = {"role": "tool", "tool_call_id": call.id, "content": "18 degrees and sunny"}
    messages = [*said, first.choices[0].message, result]
    second = muse.chat.completions.create(model="omnimuse", messages=messages, tools=[WEATHER])
    assert second.choices[0].message.content


def test_openai_responses_stream_and_are_continued(muse) -> None:
    events = list(muse.responses.create(model="omnimuse", input="draw a green tree", stream=True))
    types = [event.type for event in events]
    assert types[0] == "response.created"
    assert types[-1] == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    done = events[-1].response
    assert [item.type for item in done.output] == ["image_generation_call", "message"]
    assert _size(base64.b64decode(done.output[0].result))[0] >= 512
    assert muse.responses.retrieve(done.id).output_text == done.output_text
    after = muse.responses.create(
        model="smollm2-135m-instruct", input="Say hello.", previous_response_id=done.id,
        max_output_tokens=20,
    )  # fmt: skip
    assert after.output_text
    tools = [{"type": "function", **WEATHER["function"]}]
    asked = muse.responses.create(model="omnimuse", input="the weather in Rome?", tools=tools)
    assert asked.output[0].type == "function_call"
    assert asked.output[0].arguments == '{"city": "Rome"}'


def test_openai_pictures(muse) -> None:
    made = muse.images.generate(prompt="a yellow moon", size="256x192", output_format="jpeg", n=2)
    sizes = [_size(base64.b64decode(image.b64_json)) for image in made.data]
    assert sizes == [(256, 192)] * 2
    buffer = io.BytesIO()
    Image.new("RGB", (80, 60), "orange").save(buffer, "PNG")
    edited = muse.images.edit(
        image=("a.png", buffer.getvalue()), prompt="make it black and white", model="omnimuse"
    )
    grey = Image.open(io.BytesIO(base64.b64decode(edited.data[0].b64_json))).convert("RGB")
    red, green, blue = grey.getpixel((40, 30))
    assert max(red, green, blue) - min(red, green, blue) <= 12


def test_openai_speech_is_understood_again(muse) -> None:
    text = "The museum closes at five."
    spoken = muse.audio.speech.create(model="omnimuse", voice="alloy", input=text).read()
    assert spoken[:3] == b"ID3" or spoken[0] == 0xFF
    heard = muse.audio.transcriptions.create(
        model="omnimuse", file=("a.mp3", spoken), response_format="verbose_json",
        timestamp_granularities=["word"],
    )  # fmt: skip
    assert "museum" in heard.text.lower()
    assert heard.words[0].end <= heard.words[-1].end <= heard.duration + 0.5
    vtt = muse.audio.transcriptions.create(
        model="omnimuse", file=("a.mp3", spoken), response_format="vtt"
    )
    assert vtt.startswith("WEBVTT")


def test_openai_numbers_files_and_judgements(muse) -> None:
    made = muse.embeddings.create(model="omnimuse", input=["a fox", "a vixen", "tax law"])
    fox, vixen, law = (entry.embedding for entry in made.data)
    dot = lambda a, b: sum(x * y for x, y in zip(a, b))  # noqa: E731
    assert dot(fox, fox) == pytest.approx(1, abs=1e-3)
    assert dot(fox, vixen) > dot(fox, law)
    judged = muse.moderations.create(input=["how do I build a pipe bomb", "a nice cat"])
    assert [result.flagged for result in judged.results] == [True, False]
    file = muse.files.create(file=("n.txt", b"hello there"), purpose="user_data")
    assert muse.files.content(file.id).read() == b"hello there"
    assert muse.files.retrieve(file.id).filename == "n.txt"
    assert file.id in {f.id for f in muse.files.list(limit=50)}
    assert muse.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        muse.files.retrieve(file.id)
    assert "omnimuse" in {model.id for model in muse.models.list()}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_openai_films_are_waited_for(muse) -> None:
    film = muse.videos.create_and_poll(prompt="a red fox under a yellow moon", seconds="4")
    assert (film.status, film.progress) == ("completed", 100)
    data = muse.videos.download_content(film.id).read()
    assert data[4:8] == b"ftyp"
    assert muse.videos.delete(film.id).deleted


def test_openai_errors_are_the_clients_own(muse) -> None:
    ask = muse.chat.completions.create
    hello = [{"role": "user", "content": "hello"}]
    with pytest.raises(openai.NotFoundError) as unknown:
        ask(model="gpt-none", messages=hello)
    assert unknown.value.code == "model_not_found"
    for wrong, param in (
        ({"messages": []}, "messages"),
        ({"messages": hello, "temperature": 9}, "temperature"),
        ({"messages": [{"role": "user", "content": [{"type": "nope"}]}]}, "messages[0].content[0]"),
    ):
        with pytest.raises(openai.BadRequestError) as refused:
            ask(model="omnimuse", **wrong)
        assert refused.value.param == param
    with pytest.raises(openai.BadRequestError) as policy:
        muse.images.generate(prompt="how to build a pipe bomb to kill people")
    assert policy.value.code == "content_policy_violation"
    bomb = [{"role": "user", "content": "how to build a pipe bomb to kill people"}]
    with pytest.raises(openai.APIError):
        list(ask(model="omnimuse", messages=bomb, stream=True))


def test_mcp_client_makes_finds_and_reads(server) -> None:
    from mcp.client.client import Client

    async def talk() -> None:
        steps: list[float] = []

        async def told(progress: float, total: float | None, message: str | None) -> None:
            steps.append(progress)

        async with Client(f"{server.url}/mcp") as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            assert {"make", "find_assets", "generate_image", "synthesize_speech"} <= tools
            made = await client.call_tool(
                "make", {"prompt": "a blue boat", "seed": 1}, progress_callback=told
            )
            assert not made.is_error
            kinds = [part.type for part in made.content]
            assert kinds[:3] == ["text", "image", "resource_link"]
            assert steps == sorted(steps)
            assert steps[-1] == 1.0
            picture = made.content[2]
            data = (await client.read_resource(picture.uri)).contents[0].blob
            assert base64.b64decode(data)[:4] == b"\x89PNG"
            cut = await client.call_tool(
                "crop_image", {"image": picture.uri, "box": [0, 0, 64, 32]}
            )
            assert _size(base64.b64decode(cut.content[1].data)) == (64, 32)
            speech = await client.call_tool("synthesize_speech", {"text": "Hello."})
            assert "audio" in [part.type for part in speech.content]
            found = await client.call_tool("find_assets", {"query": "a ship", "kind": "image"})
            assert picture.uri in {getattr(part, "uri", "") for part in found.content}
            listed = (await client.list_resources()).resources
            assert picture.uri in {resource.uri for resource in listed}
            for arguments in ({"image": "sha256:zz"}, {"image": "/etc/passwd"}, {}):
                wrong = await client.call_tool("crop_image", arguments)
                assert wrong.is_error

    asyncio.run(talk())


def test_mcp_over_stdio_reads_the_users_own_files(tmp_path: Path, models_dir: Path) -> None:
    from mcp.client.client import Client
    from mcp.client.stdio import StdioServerParameters

    Image.new("RGB", (64, 48), "teal").save(tmp_path / "own.png")
    environment = {
        **os.environ,
        "OMNIMUSE_HOME": str(tmp_path / "home"),
        "OMNIMUSE_MODELS_DIR": str(models_dir),
    }
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "omnimuse.cli.main", "mcp"], env=environment
    )

    async def talk() -> None:
        async with Client(command) as client:
            made = await client.call_tool(
                "resize_image", {"image": str(tmp_path / "own.png"), "width": 32}
            )
            assert not made.is_error, made.content[0].text
            assert _size(base64.b64decode(made.content[1].data))[0] == 32

    asyncio.run(talk())
