//! The nodes of one YAML document with the bytes they came from.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};

use super::scalar::Style;
use crate::edit::{EditError, Place, Reason};

/// A node of the document.
#[derive(Debug)]
pub(super) struct Node {
    pub kind: Kind,
    /// The bytes of a scalar, quotes included; for a collection only its start can be relied on.
    pub span: Range<usize>,
    /// The number of its anchor.
    pub anchor: Option<usize>,
    /// Whether it carries an explicit tag.
    pub tagged: bool,
    /// Whether it stands inside `[…]` or `{…}`.
    pub in_flow: bool,
}

/// What a node is; nodes are named by their index, in the order they begin.
#[derive(Debug)]
pub(super) enum Kind {
    /// A single value, escapes resolved. An absent one is an empty plain text.
    Scalar { value: String, style: Style },
    /// Keys and their values.
    Map(Vec<(usize, usize)>),
    /// Items.
    Seq(Vec<usize>),
    /// A reference to an anchor, by number.
    Alias(usize),
}

/// A document: its nodes, and the events they were made from.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The events, and for those that begin a node its index.
    events: Vec<(Event<'static>, Option<usize>)>,
}

/// A collection that is still open.
struct Open {
    node: usize,
    /// The key that waits for its value.
    key: Option<usize>,
    flow: bool,
}

impl Tree {
    /// Reads a text that holds one document, refusing duplicate keys wherever they are.
    pub(super) fn read(text: &str) -> Result<Self, EditError> {
        let mut options = granit_parser::options! {};
        // Comments need no events: a splice does not touch them, and the parser keeps only so many.
        options.set_emit_comments(false);
        let mut tree = Self {
            nodes: Vec::new(),
            events: Vec::new(),
        };
        let mut open: Vec<Open> = Vec::new();
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| malformed(text, &error))?;
            let index = tree.nodes.len();
            let node = tree.node_of(text, &event, &span, open.last().is_some_and(|it| it.flow))?;
            match &event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(EditError::new(
                            Reason::Ambiguous,
                            "the file holds more than one document",
                        )
                        .at(place(text, &span))
                        .hint("a path names a place in one document; part the file first"));
                    }
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                }
                _ => {}
            }
            let begins = node.is_some();
            if let Some(node) = node {
                tree.attach(text, &mut open, node)?;
            }
            if let Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) = &event {
                open.push(Open {
                    node: index,
                    key: None,
                    flow: *style == StructureStyle::Flow,
                });
            }
            tree.events.push((owned(event), begins.then_some(index)));
        }
        Ok(tree)
    }

    fn node_of(
        &self,
        text: &str,
        event: &Event<'_>,
        span: &Span,
        in_flow: bool,
    ) -> Result<Option<Node>, EditError> {
        let Some(bytes) = span.byte_range() else {
            return Err(EditError::new(Reason::Drift, "a node without a place"));
        };
        let kind = match event {
            Event::Scalar(value, style, ..) => Kind::Scalar {
                // The parser reports an absent value as `~` without bytes.
                value: match bytes.is_empty() && *style == ScalarStyle::Plain {
                    true => String::new(),
                    false => value.clone().into_owned(),
                },
                style: match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                },
            },
            Event::SequenceStart(..) => Kind::Seq(Vec::new()),
            Event::MappingStart(..) => Kind::Map(Vec::new()),
            Event::Alias(anchor) => Kind::Alias(*anchor),
            _ => return Ok(None),
        };
        if text.get(bytes.clone()).is_none() {
            return Err(EditError::new(Reason::Drift, "a node outside the text"));
        }
        Ok(Some(Node {
            kind,
            span: bytes,
            anchor: event.anchor_id(),
            tagged: event.tag().is_some(),
            in_flow,
        }))
    }

    /// Adds a node to the collection that is open.
    fn attach(&mut self, text: &str, open: &mut [Open], node: Node) -> Result<(), EditError> {
        let index = self.nodes.len();
        self.nodes.push(node);
        let Some(parent) = open.last_mut() else {
            return Ok(());
        };
        match (&self.nodes[parent.node].kind, parent.key.take()) {
            (Kind::Map(entries), None) => {
                let key = self.text_of(index);
                let twin = entries
                    .iter()
                    .find(|(other, _)| key.is_some() && self.text_of(*other) == key);
                // Some loaders take several merge keys; the walk refuses them where they matter.
                if let (Some((first, _)), false) = (twin, self.is_merge(index)) {
                    return Err(EditError::new(
                        Reason::Malformed,
                        format!(
                            "the key `{}` is there twice, first on line {}",
                            key.unwrap_or_default().escape_debug(),
                            Place::of(text, self.nodes[*first].span.start).line
                        ),
                    )
                    .at(Place::of(text, self.nodes[index].span.start))
                    .hint("loaders differ in which of the two counts; take one out"));
                }
                parent.key = Some(index);
            }
            (Kind::Map(_), Some(key)) => {
                if let Kind::Map(entries) = &mut self.nodes[parent.node].kind {
                    entries.push((key, index));
                }
            }
            _ => {
                if let Kind::Seq(items) = &mut self.nodes[parent.node].kind {
                    items.push(index);
                }
            }
        }
        Ok(())
    }

    pub(super) fn root(&self) -> Option<usize> {
        (!self.nodes.is_empty()).then_some(0)
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Gives a node by an index that this tree gave out.
    pub(super) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// The text of a key; none for a key that is no scalar.
    pub(super) fn text_of(&self, index: usize) -> Option<&str> {
        match &self.nodes[index].kind {
            Kind::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Tells whether a key is `<<`, unquoted.
    pub(super) fn is_merge(&self, index: usize) -> bool {
        matches!(
            &self.nodes[index].kind,
            Kind::Scalar { value, style: Style::Plain } if value == "<<"
        )
    }

    /// Finds an alias of an anchor.
    pub(super) fn alias_of(&self, anchor: usize) -> Option<&Node> {
        self.nodes
            .iter()
            .find(|node| matches!(node.kind, Kind::Alias(of) if of == anchor))
    }

    /// Tells whether all events are the same, but for one scalar's value and quotes.
    pub(super) fn same_but(&self, other: &Self, target: usize) -> bool {
        self.events.len() == other.events.len()
            && self
                .events
                .iter()
                .zip(&other.events)
                .all(|(one, two)| one == two || (one.1, two.1) == (Some(target), Some(target)))
    }
}

fn owned(event: Event<'_>) -> Event<'static> {
    use std::borrow::Cow;
    let tag =
        |tag: Option<Cow<'_, granit_parser::Tag>>| tag.map(|tag| Cow::Owned(tag.into_owned()));
    match event {
        Event::StreamStart => Event::StreamStart,
        Event::DocumentStart(explicit, version) => Event::DocumentStart(explicit, version),
        Event::DocumentEnd => Event::DocumentEnd,
        Event::Alias(anchor) => Event::Alias(anchor),
        Event::Scalar(value, style, anchor, it) => {
            Event::Scalar(Cow::Owned(value.into_owned()), style, anchor, tag(it))
        }
        Event::SequenceStart(style, anchor, it) => Event::SequenceStart(style, anchor, tag(it)),
        Event::SequenceEnd => Event::SequenceEnd,
        Event::MappingStart(style, anchor, it) => Event::MappingStart(style, anchor, tag(it)),
        Event::MappingEnd => Event::MappingEnd,
        // The rest only appears with options that are not set; the end of the stream says nothing.
        _ => Event::StreamEnd,
    }
}

fn place(text: &str, span: &Span) -> Place {
    Place::of(text, span.start.byte_offset().unwrap_or_default())
}

fn malformed(text: &str, error: &ScanError) -> EditError {
    let marker = error.marker();
    let place = Place {
        line: marker.line(),
        column: marker.col() + 1,
    };
    let refused =
        EditError::new(Reason::Malformed, format!("not YAML: {}", error.info())).at(place);
    let tab = text
        .lines()
        .nth(place.line.saturating_sub(1))
        .is_some_and(|line| line[..line.len() - line.trim_start().len()].contains('\t'));
    match tab {
        true => refused.hint("the line is indented with a tab, which YAML does not allow"),
        false => refused,
    }
}
