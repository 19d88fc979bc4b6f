"""No circle of imports, also not under TYPE_CHECKING or inside functions."""

from __future__ import annotations

from graphlib import TopologicalSorter

import grimp


def test_imports_have_no_circle() -> None:
    graph = grimp.build_graph("datastore_sdk", cache_dir=None)
    imports = {
        module: {other for other in graph.find_modules_directly_imported_by(module) if other != module}
        for module in graph.modules
    }
    assert [*TopologicalSorter(imports).static_order()]
