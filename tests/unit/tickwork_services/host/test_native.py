import pytest
from tickwork_services.host import component, native

from tickwork import errors
from tickwork.unit import unit as units


class Stage(component.NativeStage):
    def __init__(self, spec, inlets, outlets, ports, kernel):
        super().__init__(None, component.Context(None, spec, inlets, outlets, None, None))
        self.inlet_ports, self.outlet_ports = ports
        self._kernel = kernel

    @property
    def kernel(self):
        return self._kernel

    async def open(self): ...
    async def start(self, stretch): ...
    async def stop(self, drain_ns): ...
    async def close(self): ...


class End:
    def __init__(self, name, native_end):
        self.name = name
        self._native = native_end

    def native(self):
        return self._native


def end(port, link, transport):
    return units.LinkEnd(
        port=port,
        link=link,
        transport=transport,
        topology="pipe",
        listener="outlet",
        codec="binary",
        address="a",
        capacity_bytes=64,
    )


def stage(name, ports, inlets, outlets):
    spec = units.ComponentSpec(
        name=name, component=name, settings={}, inlets=tuple(inlets), outlets=tuple(outlets)
    )
    ends = {each.port: End(each.link, f"<{each.link}>") for each in (*inlets, *outlets)}
    return Stage(spec, ends, ends, ports, f"kernel {name}")


def fused():
    return [
        stage(
            "normalizer",
            (("frames",), ("records",)),
            [end("frames", "forwarder.frames", "shm")],
            [end("records", "normalizer.records", "memory")],
        ),
        stage(
            "book",
            (("records", "images"), ("records", "requests")),
            [end("records", "normalizer.records", "memory"), end("images", "p.images", "memory")],
            [end("records", "book.records", "memory"), end("requests", "book.requests", "shm")],
        ),
        stage(
            "publisher",
            (("records",), ("book", "images")),
            [end("records", "book.records", "memory")],
            [end("images", "p.images", "memory")],
        ),
    ]


def test_links_between_native_stages_become_direct_calls():
    stages = fused()
    direct = native.find_direct(stages)
    assert direct == {
        "normalizer.records": ("direct", 1, 0),
        "p.images": ("direct", 1, 1),
        "book.records": ("direct", 2, 0),
    }
    assert native.build_nodes(stages, direct) == [
        ("kernel normalizer", ["<forwarder.frames>"], [("direct", 1, 0)]),
        ("kernel book", [], [("direct", 2, 0), "<book.requests>"]),
        ("kernel publisher", [], [None, ("direct", 1, 1)]),
    ]


def test_a_split_stage_has_its_pipes_in_the_order_of_its_kernel():
    book = stage(
        "book",
        (("records", "images"), ("records", "requests")),
        [end("images", "p.images", "shm"), end("records", "n.records", "shm")],
        [end("requests", "book.requests", "shm")],
    )
    assert native.find_direct([book]) == {}
    assert native.build_nodes([book], {}) == [
        ("kernel book", ["<n.records>", "<p.images>"], [None, "<book.requests>"])
    ]


def test_a_pipe_behind_an_unwired_inlet_is_refused():
    book = stage("book", (("records", "images"), ()), [end("images", "p.images", "shm")], [])
    with pytest.raises(errors.PlanError, match="inlet 'images' of book"):
        native.build_nodes([book], {})


def test_an_end_without_a_native_form_is_refused():
    made = stage("normalizer", (("frames",), ()), [end("frames", "f", "tcp")], [])
    made.context.inlets["frames"]._native = None
    with pytest.raises(errors.PlanError, match="has no native end"):
        native.build_nodes([made], {})
