import importlib
import types

import pytest
from tickwork_services import catalog
from tickwork_services.host import component

from tickwork import errors
from tickwork.unit import unit as units


def context(name, settings):
    spec = units.ComponentSpec(name="it", component=name, settings=settings)
    return types.SimpleNamespace(spec=spec, inlets={"book": None}, outlets={})


@pytest.mark.parametrize("name", sorted(catalog.TABLE))
def test_every_entry_leads_to_a_component_and_its_settings(name):
    entry = catalog.TABLE[name]
    made = getattr(importlib.import_module(entry.module), entry.name)
    assert issubclass(made, component.Component)
    assert hasattr(importlib.import_module(entry.settings_module), entry.settings_name)


def test_settings_are_checked_when_a_component_is_made():
    made = catalog.make(context("consumer", {"instruments": ["BTCUSDT"]}))
    assert made.settings.batch_records_max == 4096
    with pytest.raises(errors.InputError, match="its settings do not fit"):
        catalog.make(context("consumer", {"instruments": [], "more": 1}))


def test_an_unknown_component_is_refused_with_those_known():
    with pytest.raises(errors.InputError, match=r"no component 'wizard'.*normalizer"):
        catalog.make(context("wizard", {}))
