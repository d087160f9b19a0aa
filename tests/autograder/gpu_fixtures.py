"""A plugin for pytest: say which fixtures collected tests ask for that are nowhere."""

import sys


def pytest_collection_finish(session):
    missing = {
        f"{item.nodeid}: {name}"
        for item in session.items
        for name in item._fixtureinfo.names_closure
        if name not in item._fixtureinfo.name2fixturedefs and name != "request" and name not in item.callspec_names
    }
    sys.stdout.write(f"fixtures that are missing: {', '.join(sorted(missing)) or 'none'}\n")


def pytest_itemcollected(item):
    item.callspec_names = set(item.callspec.params) if hasattr(item, "callspec") else set()
