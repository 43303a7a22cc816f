"""A file and a map on the disk, read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from importing.conversation import ImportedConversation, RefusedRow
from importing.mapping import load_mapping
from importing.reading import read

Item = ImportedConversation | RefusedRow


@pytest.fixture
def reading(tmp_path: Path) -> Callable[[str, str | bytes], list[Item]]:
    def read_all(map_text: str, content: str | bytes) -> list[Item]:
        file, map_file = tmp_path / "file", tmp_path / "map.toml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        map_file.write_text(map_text)
        return list(read(file, load_mapping(map_file)))

    return read_all
