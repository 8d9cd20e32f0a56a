"""Who may include whom: the rooms of lib/, their public headers, the examples. Reads #include lines only."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Room -> the rooms it may include, itself left out. A public header counts as a part of the room of its name.
ROOMS = {
    "base": "",
    "kernel": "base",
    "context": "base kernel",
    "tensor": "base context kernel",
    "image": "base kernel context tensor",
    "nn": "base kernel context tensor",
    "comm": "base context",
    "data": "base context tensor image",
    "model": "base kernel context tensor nn",
    "feature": "base kernel context tensor image data",
    "plot": "base context tensor image data feature",
    "metric": "base context tensor",
    "train": "base kernel context tensor nn comm data model metric",
    "classify": "base kernel context tensor nn comm data feature metric",
    "pipeline": "base kernel context tensor image nn comm data model feature plot metric train classify",
    "tune": "base kernel context tensor image nn comm data model feature plot metric train classify pipeline",
}
ALLOWED = {room: set(others.split()) | {room} for room, others in ROOMS.items()}
ONLY_PUBLIC = ("convert", "mpi")  # the side libraries: public headers of libvisml, and their own
# Foreign headers that only one room may know.
OWNERS = {"stb_image.h": "image", "stb_image_write.h": "image", "turbojpeg.h": "image", "jpeglib.h": "image", "spng.h": "image",
          "pthread.h": ("base", "context", "data", "model"), "immintrin.h": "kernel", "arm_neon.h": "kernel"}


def includes(path):
    """(line number, '<' or '"', what)"""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match[1], match[2]


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".c", ".h", ".def", ".inc"))


def circle_among_rooms():
    """The table itself must have no circle: rooms can be taken away one after the other, each after all that it includes."""
    left = {room: others - {room} for room, others in ALLOWED.items()}
    while left:
        free = [room for room, others in left.items() if not others & left.keys()]
        if not free:
            return [f"the table has a circle among {', '.join(sorted(left))}"]
        for room in free:
            del left[room]
    return []


def check_room_file(path, room):
    where = path.relative_to(ROOT)
    for number, quote, what in includes(path):
        first, _, rest = what.partition("/")
        if quote == "<":
            owner = OWNERS.get(what.rsplit("/", 1)[-1])
            if owner and room not in (owner if isinstance(owner, tuple) else (owner,)):
                yield f"{where}:{number}: <{what}> belongs to {owner}"
            if first == "visml":
                yield f'{where}:{number}: write "{what}"'
            continue
        target = rest.removesuffix(".h") if first == "visml" else first
        if first == "visml" and target == "visml":
            yield f"{where}:{number}: include the headers that are needed, not visml.h"
        elif not rest:
            yield f'{where}:{number}: "{what}" does not name its room'
        elif room in ONLY_PUBLIC:
            if first not in ("visml", room):
                yield f"{where}:{number}: {room} may include public headers only, not {what}"
        elif target not in ALLOWED.get(room, ()):
            yield f"{where}:{number}: {room} may not include {what}"


def check_public(path):
    """Public headers include each other beside them, by the same table."""
    for number, quote, what in includes(path):
        target = what.removesuffix(".h")
        if quote == "<" and "/" in what:
            yield f"{path.relative_to(ROOT)}:{number}: public headers include nothing but the standard library and each other"
        if quote == '"' and path.stem != "visml" and target not in ALLOWED.get(path.stem, ()):
            yield f"{path.relative_to(ROOT)}:{number}: {path.stem}.h may not include {what}"


def check_example(path):
    for number, quote, what in includes(path):
        if quote == '"' and not (path.parent / what).exists():
            yield f"{path.relative_to(ROOT)}:{number}: examples include <visml/...> and their own files only, not {what}"


def header_circles():
    """Circles among single header files."""
    graph = {}
    for path in sources(ROOT / "lib"):
        if path.suffix == ".h":
            graph[str(path.relative_to(ROOT / "lib"))] = {what for _, quote, what in includes(path) if quote == '"'}
    done, problems = set(), []

    def visit(name, way):
        if name in way:
            problems.append("circle: " + " -> ".join(way[way.index(name):] + [name]))
        elif name not in done:
            for other in sorted(graph.get(name, ())):
                visit(other, way + [name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return problems


def main():
    problems = circle_among_rooms() + header_circles()
    for folder in sorted(p for p in (ROOT / "lib").iterdir() if p.is_dir()):
        if folder.name not in ALLOWED and folder.name not in ONLY_PUBLIC:
            problems.append(f"lib/{folder.name}: no row in tests/lint/layering.py")
        for path in sources(folder):
            problems += check_room_file(path, folder.name)
    for path in sources(ROOT / "include/visml"):
        if path.stem != "visml" and path.stem not in ALLOWED:
            problems.append(f"{path.relative_to(ROOT)}: no room of this name")
        problems += check_public(path)
    for path in sources(ROOT / "examples"):
        problems += check_example(path)
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
