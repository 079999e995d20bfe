"""The keys that write files, on the real screen: `e` in every format, `o` with the earlier session saved."""

import asyncio
import csv
import json
import os
from pathlib import Path

import nbformat
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.export import FORMATS
from backprop_tui.core.export.file import ENDINGS, PROMPT, export
from backprop_tui.core.scenario import bundled, bundled_names, read
from backprop_tui.core.session.drive import settle
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.folder import saved_names
from backprop_tui.core.storage.store import load
from backprop_tui.tui.saving import Keeper
from driven_screen import Driven, driven


async def export_by_key(shown: Driven, name: str) -> str:
    """Press e, type a name; what is said when it is done."""
    await shown.press("e")
    await shown.type(name)
    while shown.screen.notice == "writing …":
        await asyncio.sleep(0.01)
    await shown.settle()
    return shown.screen.notice


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the program was started in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def test_the_prompt_fits_into_the_smallest_full_screen() -> None:
    assert len(PROMPT) < 80
    assert all(ending in PROMPT for ending in ENDINGS)


@pytest.mark.slow
async def test_every_format_by_its_ending(engine: Engine, here: Path) -> None:
    async with driven(engine, steps=3) as shown:
        for form in FORMATS.values():
            said = await export_by_key(shown, f"run{form.suffix}")
            assert said == f"{form.title}: written to run{form.suffix}"
            text = (here / f"run{form.suffix}").read_text("utf-8")
            assert text == "".join(form.write(shown.session.timeline, engine.answer, None))
        said = await export_by_key(shown, "run.toml")
        assert said == "the present run is written to run.toml; backprop-tui run.toml opens it"
        for ending in (".npz", ".safetensors", ".keras"):
            assert (await export_by_key(shown, f"run{ending}")).endswith(f"written to run{ending}")
        session = shown.session
    assert sorted(path.name for path in here.iterdir()) == sorted(f"run{ending}" for ending in ENDINGS)
    assert "## Step 3" in (here / "run.md").read_text("utf-8")
    found = json.loads((here / "run.json").read_text("utf-8"))
    assert [step["step"] for step in found["steps"]] == [1, 2, 3]
    rows = list(csv.DictReader((here / "run.csv").open(encoding="utf-8")))
    assert [row["loss"] for row in rows] == [str(loss) for loss in session.timeline.history.losses]
    nbformat.validate(nbformat.read(here / "run.ipynb", 4))
    again = Session(read(here / "run.toml").run)
    for either in (session, again):
        either.timeline.step()
        settle(either, engine.answer)
    assert again.timeline.history.states[1].tobytes() == session.timeline.history.states[4].tobytes()


async def test_nothing_is_ever_overwritten(engine: Engine, here: Path) -> None:
    async with driven(engine, steps=1) as shown:
        for ending in ENDINGS:
            (here / f"mine{ending}").write_text("my own")
            said = await export_by_key(shown, f"mine{ending}")
            assert said == f"mine{ending} exists already; give another name"
            assert (here / f"mine{ending}").read_text() == "my own"
        (here / "link.md").symlink_to(here / "nowhere")
        assert "exists already" in await export_by_key(shown, "link.md")
        assert not (here / "nowhere").exists()
        assert not list(here.glob(".*"))


BAD = {
    "missing/run.md": "missing/run.md can't be written: No such file or directory",
    "missing/run.toml": "missing/run.toml: can't be written: No such file or directory",
    "run": "end the name in one of .md .txt .json .csv .ipynb .toml .npz .safetensors .keras",
    "run.html": "end the name in one of .md .txt .json .csv .ipynb .toml .npz .safetensors .keras",
    ".md": "end the name in one of .md .txt .json .csv .ipynb .toml .npz .safetensors .keras",
    "/dev/null/run.md": "/dev/null/run.md can't be written: Not a directory",
    f"{'n' * 300}.md": f"{'n' * 300}.md can't be written: File name too long",
    f"{'n' * 300}.toml": f"{'n' * 300}.toml can't be written: File name too long",
    "/proc/run.csv": "/proc/run.csv can't be written: No such file or directory",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD)
async def test_a_name_that_can_not_be_is_told(name: str, engine: Engine, here: Path) -> None:
    async with driven(engine, steps=1) as shown:
        assert await export_by_key(shown, name) == BAD[name]
        assert shown.session.timeline.steps == 1
    assert list(here.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
def test_control_characters_reach_no_terminal(ending: str, engine: Engine, here: Path) -> None:
    session = Session(read(_scenario(here)).run)
    session.timeline.step()
    settle(session, engine.answer)
    said = export(session.timeline, read(_scenario(here)), engine.answer, f"a\x1b]0;b\x07\u202ec{ending}")
    assert said.isprintable()
    assert "a\\x1b]0;b\\x07\\u202ec" in said
    for name in (f"x\0{ending}", f"\x1b[31m/\n{ending}/y{ending}"):
        with pytest.raises(ValueError, match=r"null byte|can't be written") as caught:
            export(session.timeline, read(_scenario(here)), engine.answer, name)
        assert str(caught.value).isprintable()


def _scenario(folder: Path) -> Path:
    path = folder / "it.toml"
    path.write_text('title = "t"\n')
    return path


def test_a_file_that_comes_meanwhile_stays(engine: Engine, here: Path) -> None:
    """Between the look whether it is there and its end, somebody else writes one of that name."""
    session = Session(read(_scenario(here)).run)
    session.timeline.step()
    settle(session, engine.answer)

    def ask(request):  # type: ignore[no-untyped-def]
        (here / "run.md").write_text("theirs")
        return engine.answer(request)

    with pytest.raises(ValueError, match=r"run.md exists already"):
        export(session.timeline, read(_scenario(here)), ask, "run.md")
    assert (here / "run.md").read_text() == "theirs"
    assert not list(here.glob(".*"))


async def test_a_tilde_is_the_home(engine: Engine, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "home").mkdir()
    monkeypatch.setenv("HOME", str(here / "home"))
    async with driven(engine, steps=1) as shown:
        assert await export_by_key(shown, "~/run.txt") == "the notebook's own text: written to ~/run.txt"
    assert os.listdir(here / "home") == ["run.txt"]


async def test_a_run_that_blew_up_is_no_scenario_but_has_a_transcript(engine: Engine, here: Path) -> None:
    async with driven(engine) as shown:
        await shown.press("l")
        await shown.type("1e30")
        await shown.press(*["space"] * 3)
        said = await export_by_key(shown, "run.toml")
        assert said == "the parameters are not finite any more; go back to a step where they are"
        assert "written" in await export_by_key(shown, "run.md")
        assert "written" in await export_by_key(shown, "run.ipynb")


@pytest.mark.slow
async def test_a_workshops_files_stay_in_their_folder(engine: Engine, here: Path) -> None:
    (here / "own").mkdir()
    async with driven(engine, steps=1) as shown:
        shown.app.export_folder = here / "own"
        for name in ("../run.md", "/tmp/run.md", "a/b.md", "..", "~/run.md", ".hidden.md"):
            assert await export_by_key(shown, name) == "give a name without folders"
        assert "written" in await export_by_key(shown, "run.md")
    assert os.listdir(here / "own") == ["run.md"]
    assert os.listdir(here) == ["own"]


# Opening an example


async def test_o_opens_an_example_and_b_leads_back_to_the_run_before(engine: Engine, here: Path) -> None:
    """Another network, table and optimizer: each run has its own numbers, texts and keys on the same screen."""
    keeper = Keeper(here / "sessions")
    async with driven(engine, steps=4, keeper=keeper) as shown:
        earlier = shown.session.timeline.history.states.tobytes()
        await shown.press("down", "down")
        before = shown.lines("updated")
        await shown.press("o")
        assert "mazur-2015" in shown.text
        await shown.press(*["down"] * bundled_names().index("mazur-2015"), "enter")
        await shown.pilot.pause()
        await shown.settle()
        assert shown.session.timeline.steps == 0
        assert shown.session.timeline.run == bundled("mazur-2015").run
        await shown.press("escape")  # its story
        await shown.press("space", "y")
        assert "backprop-tui mazur-2015 --lr 0.5 --steps 1" in shown.text
        await shown.press("escape", "b", "b")
        assert "run 1 of 2, as it was left" in shown.screen.notice
        assert shown.lines("updated") == before
        assert shown.session.timeline.history.states.tobytes() == earlier
        assert shown.screen.scenario is None
        await shown.press("space", "w")
        assert "saved as" in shown.screen.notice
        assert [run.history.entries for run in shown.session.timelines] == [5, 1]
        await shown.press("end", "end")
        assert shown.screen.scenario == bundled("mazur-2015")
    keeper.close()
    (name,) = saved_names(here / "sessions")
    loaded = load(here / "sessions" / f"{name}.session")
    assert loaded.scenario is None
    assert [run.opened_from for run in loaded.session.timelines] == [None, bundled("mazur-2015")]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_what_is_typed_has_the_whole_line(size: tuple[int, int], engine: Engine) -> None:
    async with driven(engine, size=size) as shown:
        footer = shown.lines("footer").rstrip()
        await shown.press("e")
        rows = shown.text.splitlines()
        asked = rows[-1 - len(footer.splitlines())]
        assert PROMPT.startswith(asked)
        assert asked == PROMPT or size[0] < len(PROMPT), "what does not fit is left out by whole words"
        assert rows[-len(footer.splitlines()) :] == footer.splitlines()
