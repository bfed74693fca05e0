"""A network in Graphviz's language."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from axone.visualization.network.cards import Card, Network

__all__ = ["to_dot"]


def to_dot(network: Network, rankdir: str, splines: str, dpi: float, subgraph: bool = False) -> str:
    """Return a network as DOT text.

    Args:
        network: what is described.
        rankdir, splines, dpi: attributes of the graph.
        subgraph: whether to return a cluster, to stand in another graph.
    """
    body = [*_statements(network, "  "), *_links(network, "  ")]
    if subgraph:
        return "\n".join([f"subgraph cluster_{network.key} {{", *_cluster_head(network, "  "), *body, "}\n"])
    head = [
        "digraph G {",
        f"  rankdir={rankdir};",
        f"  dpi={dpi:g};",
        f"  splines={splines};",
        '  node [shape=plain, fontname="Helvetica"];',
    ]
    return "\n".join([*head, *body, "}\n"])


def _cluster_head(network: Network, indent: str) -> list[str]:
    return [f"{indent}label={_quoted(network.name)};", f'{indent}labeljust="l";', f'{indent}style="dashed";']


def _statements(network: Network, indent: str) -> Iterator[str]:
    for member in network.members:
        if isinstance(member, Card):
            yield f"{indent}{member.key} [label={_label(member)}];"
        else:
            yield f"{indent}subgraph cluster_{member.key} {{"
            yield from _cluster_head(member, indent + "  ")
            yield from _statements(member, indent + "  ")
            yield indent + "}"


def _links(network: Network, indent: str) -> Iterator[str]:
    for link in network.links:
        source = _end(network, (link.source, link.source_port), "exits")
        yield f"{indent}{source} -> {_end(network, (link.target, link.target_port), 'entries')};"
    for member in network.members:
        if isinstance(member, Network):
            yield from _links(member, indent)


def _end(network: Network, place: tuple[int, int], side: str) -> str:
    """The card that a link out of or into a member really meets."""
    member = network.members[place[0]]
    return member.key if isinstance(member, Card) else _end(member, getattr(member, side)[place[1]], side)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(card: Card) -> str:
    name = f" ({escape(card.title)})" if card.name else ""
    title = f"<B>{escape(card.name or card.title)}</B>{name}"
    rows = [f'<TR><TD BGCOLOR="{card.color}" COLSPAN="2"><FONT COLOR="white">{title}</FONT></TD></TR>']
    rows += [f"<TR><TD>{escape(label)}</TD><TD>{escape(value)}</TD></TR>" for label, value in card.rows]
    if card.trainable is not None:
        rows.append(f'<TR><TD COLSPAN="2">{"trainable" if card.trainable else "frozen"}</TD></TR>')
    return f'<<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="6">{"".join(rows)}</TABLE>>'
