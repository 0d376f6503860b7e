"""The contract of the command line with the default models: run, call, lines, replay, verify."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.weights


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "two colours.png"
    image = Image.new("RGB", (96, 64), (200, 30, 30))
    image.paste((30, 30, 200), (48, 0, 96, 64))
    image.save(path)
    return path


def test_a_run_answers_as_the_contract_says(omnimuse, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = omnimuse("Paint a green apple", "-o", str(out), "--seed", "3", "--json")
    assert done.code == 0, done.err
    answer = done.json
    assert set(answer) >= {"run_id", "status", "reply", "plan", "assets", "errors", "timings"}
    assert answer["status"] == "succeeded"
    assert [node["tool"] for node in answer["plan"]["nodes"]] == ["generate_image"]
    picture = next(asset for asset in answer["assets"] if asset["kind"] == "image")
    assert picture["media_type"] == "image/png"
    assert picture["id"].startswith("sha256:")
    assert picture["width_px"] > 0
    assert Path(picture["path"]).parent == out
    with Image.open(picture["path"]) as image:
        assert image.size == (picture["width_px"], picture["height_px"])
    for asset in answer["assets"]:
        assert Path(asset["path"]).is_file()
        assert asset["node"] in {node["id"] for node in answer["plan"]["nodes"]}
    assert omnimuse("verify", picture["path"], "--json").json["verdict"] == "trusted"
    listed = {row["id"] for row in omnimuse("assets", "list", "--json").json}
    assert {asset["id"] for asset in answer["assets"]} <= listed


def test_replay_gives_the_same_bytes_and_a_dry_run_makes_nothing(omnimuse, tmp_path: Path) -> None:
    dry = omnimuse("Paint a green apple", "--dry-run", "--json", "-o", str(tmp_path / "none"))
    assert dry.code == 0
    assert dry.json["assets"] == []
    assert not (tmp_path / "none").exists()
    first = omnimuse("Paint a green apple", "--seed", "5", "--json").json
    again = omnimuse("runs", "replay", first["run_id"], "--json")
    assert again.code == 0, again.err
    assert again.json["run_id"] != first["run_id"]
    assert [a["id"] for a in again.json["assets"]] == [a["id"] for a in first["assets"]]
    resumed = omnimuse("runs", "resume", first["run_id"], "--json")
    assert resumed.code == 0
    assert [a["id"] for a in resumed.json["assets"]] == [a["id"] for a in first["assets"]]


def test_same_seed_same_picture_other_seed_other_bytes(omnimuse) -> None:
    ids = [
        omnimuse("call", "generate_image", "-a", "prompt=a cat", "--seed", seed, "--json").json[
            "image"
        ]["id"]
        for seed in ("1", "1", "2")
    ]
    assert ids[0] == ids[1] != ids[2]


def test_call_gives_structured_values_as_they_are(omnimuse) -> None:
    done = omnimuse("call", "plan_layout", "-a", "prompt=two cats on a bench", "--json")
    assert done.code == 0, done.err
    labels = sorted(thing["label"] for thing in done.json["objects"])
    assert labels == ["bench", "cat", "cat"]
    assert all(len(thing["box"]) == 4 for thing in done.json["objects"])


def test_lines_answer_in_order_errors_included(omnimuse, picture: Path) -> None:
    lines = [{"prompt": "three dogs"}, {"prompt": ""}, {"colour": 1}, {"prompt": "a red car"}]
    text = "\n".join([*(json.dumps(line) for line in lines), "not json"])
    done = omnimuse("call", "plan_layout", "--jsonl", "-", stdin=text)
    answers = done.lines
    assert len(answers) == 5
    assert [thing["label"] for thing in answers[0]["result"]["objects"]] == ["dog"] * 3
    assert answers[3]["result"]["objects"][0]["attributes"]["color"] == "red"
    for answer in (answers[1], answers[2], answers[4]):
        assert set(answer["error"]) == {"code", "message", "hint"}
    assert done.code == 1
    crop = json.dumps({"image": str(picture), "box": [0, 0, 48, 64]})
    done = omnimuse("call", "crop_image", "--jsonl", "-", stdin=f"{crop}\n{crop}\n")
    assert [answer["result"]["width_px"] for answer in done.lines] == [48, 48], done.err


def test_a_question_and_a_refusal_have_their_own_codes(omnimuse) -> None:
    asked = omnimuse("Make it blue", "--json")
    assert asked.code == 2
    assert asked.json["status"] == "needs_input"
    assert asked.json["question"]
    refused = omnimuse("How do I build a pipe bomb?", "--json")
    assert refused.code == 3
    assert refused.json["status"] == "refused"
    assert refused.json["refusal"]["gate"] == "input"
    assert refused.json["refusal"]["category"] == "weapons"
    assert refused.json["assets"] == []


def test_plan_json_and_tree(omnimuse) -> None:
    plan = omnimuse("plan", "write a poem about rain and read it aloud", "--json").json
    assert [node["tool"] for node in plan["nodes"]] == ["write_text", "synthesize_speech"]
    assert plan["nodes"][1]["inputs"] == {"text": plan["nodes"][0]["id"]}
    tree = omnimuse("plan", "write a poem about rain and read it aloud")
    assert tree.code == 0
    assert "synthesize_speech" in tree.out


def test_assets_can_be_traced_shown_and_exported(omnimuse, tmp_path: Path) -> None:
    made = omnimuse("call", "generate_image", "-a", "prompt=a red ball", "--json").json["image"]
    assert omnimuse("assets", "show", made["id"], "--json").json["kind"] == "image"
    trace = omnimuse("assets", "trace", made["id"], "--json").json
    assert trace["origin"]["tool"] == "generate_image"
    out = tmp_path / "exported"
    done = omnimuse("assets", "export", made["id"], "-o", str(out))
    assert done.code == 0, done.err
    assert any(out.iterdir())


def test_a_read_only_output_folder_is_a_named_error(omnimuse, tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("x")
    done = omnimuse("Paint a green apple", "-o", str(blocked))
    assert done.code == 2
    assert "a file lies there" in done.err
    done = omnimuse("Paint a green apple", "-o", str(blocked / "below"))
    assert done.code in (1, 2)
    assert "Traceback" not in done.err


def test_two_runs_in_one_library_at_once(omnimuse, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(omnimuse, f"Paint a {c} apple", "--json") for c in ("red", "green")]
        answers = [job.result() for job in jobs]
    assert [answer.code for answer in answers] == [0, 0], [answer.err for answer in answers]
    listed = {row["id"] for row in omnimuse("assets", "list", "--json").json}
    for answer in answers:
        assert {asset["id"] for asset in answer.json["assets"]} <= listed


def test_doctor_finds_every_role_that_the_tools_need(omnimuse) -> None:
    done = omnimuse("doctor", "--json")
    report = done.json
    assert done.code == 0
    assert report["missing"] == []
    assert not report["roles"]["translation"]["is_default"]
    assert report["roles"]["text-to-speech"]["card"]


def test_a_file_given_for_a_mask_is_a_mask(omnimuse, picture: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    half = Image.new("L", (96, 64), 0)
    half.paste(255, (0, 0, 48, 64))
    half.save(mask)
    arguments = ("-a", f"image={picture}", "-a", f"mask={mask}", "-a", "color=green")
    done = omnimuse("call", "recolor_image", *arguments, "--json")
    assert done.code == 0, done.err
    with Image.open(done.json["path"]) as changed, Image.open(picture) as before:
        left, right = (
            changed.convert("RGB").getpixel((20, 30)),
            changed.convert("RGB").getpixel((80, 30)),
        )
        assert right == before.getpixel((80, 30))
        assert left[1] > left[0]
