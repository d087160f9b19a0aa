"""A roster is read as it comes out of a spreadsheet or an LMS; what cannot be told is asked for, never guessed silently."""

from pathlib import Path

import pytest

from autograder.errors import AutograderError
from autograder.roster import Person, Roster, can_be_an_id, read_roster

TEXT = "id,name,email\nada,Ada Lovelace,ada@example.org\nmueller,Jörg Müller,jm@example.org\n"


def roster(folder: Path, content: str | bytes, **how: str) -> Roster:
    path = folder / "roster.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_roster(path, **how)


def refusal(folder: Path, content: str | bytes, **how: str) -> str:
    with pytest.raises(AutograderError) as caught:
        roster(folder, content, **how)
    return str(caught.value).replace(str(folder / "roster.csv"), "roster.csv")


def test_each_line_is_a_person(tmp_path):
    text = "id,Name,SIS Login ID,sis user id,Canvas ID,moodle,github,group,extension,extension mlp\n"
    text += "ada,Ada Lovelace,al1,S1,101,Participant 77,ada-l,G1,2 days,2027-01-30\n"
    [ada] = roster(tmp_path, text).people
    assert ada == Person(
        id="ada",
        name="Ada Lovelace",
        login="al1",
        sis="S1",
        canvas="101",
        moodle="77",
        github="ada-l",
        group="G1",
        extensions={"": "2 days", "mlp": "2027-01-30"},
    )
    assert (ada.extension("mlp"), ada.extension("lenet")) == ("2027-01-30", "2 days")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_encodings_of_spreadsheets_are_read(tmp_path, encoding):
    found = roster(tmp_path, TEXT.encode(encoding))
    assert found.by_id["mueller"].name == "Jörg Müller"
    said = encoding in {"utf-16-le", "utf-16-be", "cp1252", "latin-1"}  # nothing in the file says so
    assert bool(found.notes) is said


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_are_found(tmp_path, delimiter):
    found = roster(tmp_path, TEXT.replace(",", delimiter))
    assert found.by_id["ada"].email == "ada@example.org"
    assert found.notes == ()


def test_excels_line_about_the_delimiter_is_no_row(tmp_path):
    assert roster(tmp_path, "sep=;\r\nid;name\r\nada;Ada\r\n").by_id["ada"].name == "Ada"


def test_quoted_cells_hold_delimiters_and_lines(tmp_path):
    found = roster(tmp_path, 'id,name\nada,"Lovelace, Ada"\nbob,"Bob\nthe second"\ncid,Cid\n')
    assert [person.name for person in found.people] == ["Lovelace, Ada", "Bob the second", "Cid"]


def test_first_and_last_name_make_a_name(tmp_path):
    assert roster(tmp_path, "student_id,last_name,first_name\nada,Lovelace,Ada\n").by_id["ada"].name == "Ada Lovelace"


def test_a_canvas_gradebook_is_a_roster(tmp_path):
    found = roster(tmp_path, 'Student,ID,SIS User ID,SIS Login ID,Section\n"Muster, Amelie",101,S1001,amelie,CNN\n')
    assert found.people == (Person(id="101", name="Muster, Amelie", sis="S1001", login="amelie", section="CNN"),)


def test_unknown_columns_are_left_out_and_said_once(tmp_path):
    found = roster(tmp_path, "id,shoe size,name,hat\nada,38,Ada,7\nbob,44,Bob,8\n")
    [note] = found.notes
    assert "shoe size, hat" in note
    assert found.by_id["bob"].name == "Bob"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name,email\nAda,a@x\n", "line 1: there is no column `id` (found: 'name', 'email')"),
        ("id|name\nada|Ada\n", "give --roster-delimiter"),
        ("id,name;email\nada,A;x\n", "line 1: it cannot be told whether commas or semicolons part the columns"),
        ("", "line 1: there is no column `id` (found: nothing)"),
        ("id,name\n", "names no students"),
        ("id,id\nada,ada\n", "line 1: two columns say the same"),
        ("id,name\nada,A\n\nbob,B\nada,C\n", "line 5: 'ada' is the id of line 2;"),
        ("id,name\nada,A\nAda,C\n", "line 3: 'Ada' differs only by upper and lower case from the id of line 2;"),
        ("id,name\n,A\n", "line 2: there is no id"),
        ("id,name\nada,A\n../bob,B\n", "line 3: '../bob' cannot be the name of a folder"),
        ("id,name\n.bob,B\n", "line 2: '.bob' cannot be"),
        ("id,name\nbo\u202eb,B\n", "line 2: 'bo�b' cannot be"),
        (f"id,name\n{'b' * 201},B\n", "line 2: 'bbb"),
        (
            "id,name\nada,Lovelace, Ada\n",
            'line 2: 3 cells for 2 columns; put a cell that holds a "," into double quotes',
        ),
        ('id,name\nada,"Ada\nbob,B\n', "line 2: this is no line of a CSV file"),
        (TEXT.encode("cp850"), "line 3: this is not UTF-8, and which encoding it is cannot be told"),
        (b"id,name\nada,\x81da\n", "line 2: this is not UTF-8, and which encoding"),
    ],
)
def test_what_is_no_roster_is_refused_with_the_line_and_what_to_do(tmp_path, content, sentence):
    assert sentence in refusal(tmp_path, content)


def test_encoding_and_delimiter_can_be_given(tmp_path):
    assert roster(tmp_path, TEXT.encode("cp850"), encoding="cp850").by_id["mueller"].name == "Jörg Müller"
    assert roster(tmp_path, "id|name\nada|Ada\n", delimiter="|").by_id["ada"].name == "Ada"
    assert "no encoding is called so" in refusal(tmp_path, TEXT, encoding="klingon")
    assert "not in the encoding utf-8" in refusal(tmp_path, TEXT.encode("cp1252"), encoding="utf-8")
    assert "give one character" in refusal(tmp_path, TEXT, delimiter="||")


def test_a_roster_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(AutograderError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")


def test_people_are_found_by_any_field_unless_it_is_several(tmp_path):
    found = roster(
        tmp_path,
        'id,name,email,canvas\nada,"Lovelace, Ada",Ada@Example.org,101\nbob1,Bob Roe,b1@x,102\nbob2,Bob  ROE,b2@x,103\n',
    )
    assert found.find("ada lovelace", "name") is found.by_id["ada"]
    assert found.find("ADA@example.ORG") is found.by_id["ada"]
    assert found.find("102", "canvas") is found.by_id["bob1"]
    assert found.find("102", "moodle") is None
    assert found.find("Bob Roe", "name") is None
    assert [person.id for person in found.matches("Roe, Bob", "name")] == ["bob1", "bob2"]


def test_a_number_that_two_have_finds_nobody_and_is_said(tmp_path):
    found = roster(tmp_path, "id,canvas\nada,101\nbob,101\n")
    assert found.find("101", "canvas") is None
    assert found.notes == (
        f"{tmp_path / 'roster.csv'}: ada, bob have the same canvas (101), so that nobody is found by it.",
    )


def test_what_can_be_an_id():
    assert all(map(can_be_an_id, ["ada", "s 1", "Jörg", "123"]))
    assert not any(map(can_be_an_id, ["", ".", "..", ".ada", "a/b", "a\nb", "a\0b", "\udcff", "x" * 201]))
