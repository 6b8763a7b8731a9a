import pytest
from tickwork_services.host import run_unit

from tickwork import errors
from tickwork.unit import unit as units


def test_an_incarnation_that_is_given_replaces_the_files(tmp_path):
    unit = units.Unit(
        run="run",
        experiment="experiment",
        arm="main",
        group="group",
        name="unit",
        control="unix:/c",
        metrics="127.0.0.1:0",
        output_directory="/out",
        segment_directory="/segments",
        wait="park",
        components=(),
    )
    path = tmp_path / "unit.json"
    path.write_text(unit.model_dump_json(by_alias=True))
    assert run_unit.read_unit(path, None) == unit
    assert run_unit.read_unit(path, 4).incarnation == 4


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"run": 1}', '"text"'])
def test_what_is_no_unit_is_refused(tmp_path, content):
    path = tmp_path / "unit.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(errors.InputError, match="Reading the unit"):
        run_unit.read_unit(path, 2)


def test_starts_are_counted_in_a_file(tmp_path):
    path = tmp_path / "out" / "incarnation"
    assert [run_unit.count_incarnation(path) for _ in range(3)] == [1, 2, 3]
    assert path.read_text() == "3\n"
    assert [each.name for each in path.parent.iterdir()] == ["incarnation"]


def test_a_damaged_count_is_refused(tmp_path):
    path = tmp_path / "incarnation"
    path.write_text("many\n")
    with pytest.raises(errors.InputError, match="Counting this start"):
        run_unit.count_incarnation(path)
