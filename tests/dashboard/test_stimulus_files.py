import pytest

from cortiscope import services, stimulus_files
from cortiscope.core.datasets import open_subject
from tests.data.plain_folder import write_plain


@pytest.mark.parametrize(
    "name", ["subj01", "Anna B. (2)", "Versuchsperson Müller (zweite Messung, 3 T), Ordner 17"]
)
def test_the_address_of_a_subject_of_any_name_leads_back_to_its_images(tmp_path, monkeypatch, name):
    opened = {name: open_subject(write_plain(tmp_path / name))}
    monkeypatch.setattr(services, "subject", opened.__getitem__)
    monkeypatch.setattr(services, "subject_folders", lambda: {name: tmp_path / name})
    key = stimulus_files.stimulus_key(opened[name])
    assert stimulus_files.stimulus_address(opened[name]).endswith(key)
    assert stimulus_files.stimulus_file(key, "train", 3).name == "img4.png"
    assert stimulus_files.stimulus_file(key, "train", 20) is None
    assert stimulus_files.stimulus_file(key, "test", 0) is None
    assert stimulus_files.stimulus_file(f"{key}0", "train", 3) is None
    assert stimulus_files.stimulus_file("no-name.0", "train", 3) is None
