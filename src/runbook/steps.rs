//! Reads one `[[step]]`.

use toml::Spanned;
use toml::de::DeValue;

use super::condition;
use super::draft::{ProbeDraft, StepDraft, UndoDraft};
use super::model::{Downtime, Gate};
use super::spread;
use super::table::{Item, Need, Reader, Table, Text, list};
use crate::kinds::{Action, KINDS};
use crate::names::{StepId, did_you_mean};
use crate::probe::{Endurance, PROBES};
use crate::template::Template;

/// The most lanes that can run at once.
const SPREAD: u32 = 1000;

/// The keys that every probe may have beside its own.
const PATIENCE: &[&str] = &["on", "within", "every", "stable-for", "falling"];

pub(super) fn read(reader: &mut Reader, mut table: Table<'_>) -> StepDraft {
    let id = reader.line(&mut table, "id", Need::Required);
    if let Some(id) = &id
        && let Err(error) = StepId::new(id.get_ref().as_str())
    {
        reader.error(id.span(), error.to_string());
    }
    let phase = reader.string(&mut table, "phase", Need::Required);
    let title = reader.line(&mut table, "title", Need::Required);
    let about = reader
        .string(&mut table, "about", Need::Optional)
        .map_or_else(String::new, Spanned::into_inner);
    let on = places(reader, &mut table);
    let action = match table.take("do") {
        Some(item) => action(reader, "do", item.value),
        None => {
            table.must_have("do");
            None
        }
    };
    let undo = match table.take("undo") {
        Some(item) => undo(reader, item.value),
        None => UndoDraft::Unsaid,
    };
    let (gate, words) = match table.take("gate") {
        Some(item) => gate(reader, item.value),
        None => (None, None),
    };
    let verify = match table.take("verify") {
        Some(item) => probes(reader, item.value),
        None => Vec::new(),
    };
    let draft = StepDraft {
        span: table.span(),
        id,
        phase,
        title,
        about,
        on,
        action,
        undo,
        gate,
        words,
        verify,
        estimate: reader
            .duration(&mut table, "estimate")
            .map(Spanned::into_inner),
        undo_estimate: reader.duration(&mut table, "undo-estimate"),
        downtime: downtime(reader, &mut table),
        point_of_no_return: reader
            .boolean(&mut table, "point-of-no-return")
            .unwrap_or(false),
        needs: reader
            .strings(&mut table, "needs")
            .map_or_else(Vec::new, Spanned::into_inner),
        timeout: reader
            .duration(&mut table, "timeout")
            .map(Spanned::into_inner),
        when: match table.take("when") {
            Some(item) => condition::read(reader, item.value),
            None => Vec::new(),
        },
        capture: table
            .take("capture")
            .and_then(|item| spread::capture(reader, item.value)),
        for_each: table
            .take("for-each")
            .and_then(|item| spread::for_each(reader, item.value)),
        at_once: at_once(reader, &mut table),
        armed_until: reader.string(&mut table, "armed-until", Need::Optional),
        confirm_within: reader.duration(&mut table, "confirm-within"),
    };
    reader.close(table);
    draft
}

fn at_once(reader: &mut Reader, table: &mut Table<'_>) -> Option<Spanned<u16>> {
    let item = table.take("at-once")?;
    let span = item.value.span();
    let number = reader.as_number("at-once", item.value, 1..=SPREAD)?;
    u16::try_from(number)
        .ok()
        .map(|number| Spanned::new(span, number))
}

fn places(reader: &mut Reader, table: &mut Table<'_>) -> Vec<Text> {
    let Some(on) = reader.one_or_more(table, "on") else {
        return Vec::new();
    };
    if on.get_ref().is_empty() {
        reader.error(on.span(), "`on` is an empty list").hint =
            Some("leave `on` out for a step on the bastion".to_owned());
    }
    on.into_inner()
}

fn downtime(reader: &mut Reader, table: &mut Table<'_>) -> Option<Downtime> {
    let text = reader.string(table, "downtime", Need::Optional)?;
    match text.get_ref().as_str() {
        "starts" => Some(Downtime::Starts),
        "ends" => Some(Downtime::Ends),
        other => {
            let message = format!("`downtime` cannot be `{other}`");
            reader.error(text.span(), message).hint =
                Some("write \"starts\" or \"ends\"".to_owned());
            None
        }
    }
}

/// Reads a table of exactly one action.
fn action(
    reader: &mut Reader,
    key: &'static str,
    value: Spanned<DeValue<'_>>,
) -> Option<Box<dyn Action>> {
    let span = value.span();
    let mut items = reader.table(key, "an action", value)?.take_all();
    let kinds = || KINDS.iter().map(|kind| kind.name);
    let mut known = Vec::new();
    for item in std::mem::take(&mut items) {
        match KINDS.iter().find(|kind| kind.name == item.key.get_ref()) {
            Some(kind) => known.push((kind, item)),
            None => {
                let hint = match did_you_mean(item.key.get_ref(), kinds()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the kinds are {}", list(kinds())),
                };
                let message = format!("unknown kind of action `{}`", item.key.get_ref());
                reader.error(item.key.span(), message).hint = Some(hint);
                items.push(item);
            }
        }
    }
    if known.is_empty() && items.is_empty() {
        reader
            .error(span, format!("`{key}` says nothing to do"))
            .hint = Some(format!("the kinds are {}", list(kinds())));
    }
    let mut known = known.into_iter();
    let (kind, item) = known.next()?;
    let first = item.key.span();
    let action = reader.foreign(&format!("`{}`", kind.name), item.value, &[], kind.parse);
    let mut alone = items.is_empty();
    for (other, item) in known {
        alone = false;
        let message = format!(
            "`{key}` has two actions, `{}` and `{}`",
            kind.name, other.name
        );
        let problem = reader.error(item.key.span(), message);
        problem.also.push((first.clone(), "the first".to_owned()));
        problem.hint = Some("make two steps of it".to_owned());
    }
    action.filter(|_| alone)
}

fn undo(reader: &mut Reader, value: Spanned<DeValue<'_>>) -> UndoDraft {
    let says = |key| matches!(value.get_ref(), DeValue::Table(table) if table.contains_key(key));
    let (key, what, draft): (_, _, fn(String) -> UndoDraft) = if says("never") {
        ("never", "an undo with `never`", UndoDraft::Never)
    } else if says("nothing") {
        ("nothing", "an undo with `nothing`", UndoDraft::Nothing)
    } else {
        return action(reader, "undo", value).map_or(UndoDraft::Unsaid, UndoDraft::Action);
    };
    let Some(mut table) = reader.table("undo", what, value) else {
        return UndoDraft::Unsaid;
    };
    let reason = reader.line(&mut table, key, Need::Required);
    reader.close(table);
    reason.map_or(UndoDraft::Unsaid, |reason| draft(reason.into_inner()))
}

/// Reads a gate, and for a typed-back one the words as a template.
fn gate(
    reader: &mut Reader,
    value: Spanned<DeValue<'_>>,
) -> (Option<Spanned<Gate>>, Option<Spanned<Template>>) {
    let span = value.span();
    match value.get_ref() {
        DeValue::String(word) => {
            let gate = match word.as_ref() {
                "auto" => Gate::Auto,
                "confirm" => Gate::Confirm,
                "two-people" => Gate::TwoPeople,
                other => {
                    let near = did_you_mean(other, ["auto", "confirm", "two-people"]);
                    reader.error(span, format!("unknown gate `{other}`")).hint = Some(match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "write \"auto\", \"confirm\", \"two-people\" or \
                                 { type-back = \"words\" }"
                            .to_owned(),
                    });
                    return (None, None);
                }
            };
            (Some(Spanned::new(span, gate)), None)
        }
        DeValue::Table(_) => {
            let words = reader.table("gate", "a gate", value).and_then(|mut table| {
                let words = reader.line(&mut table, "type-back", Need::Required);
                reader.close(table);
                words
            });
            let Some(words) = words else {
                return (None, None);
            };
            let place = words.span();
            let text = words.into_inner();
            if text.trim() != text {
                reader.error(
                    place.clone(),
                    "words to type back start or end with a space",
                );
            }
            match Template::new(text.as_str()) {
                Ok(template) => (
                    Some(Spanned::new(span, Gate::TypeBack { words: text })),
                    Some(Spanned::new(place, template)),
                ),
                Err(error) => {
                    reader.error(place, format!("`type-back`: {error}"));
                    (None, None)
                }
            }
        }
        _ => {
            reader.wrong_type("gate", &value, "a string or { type-back = \"words\" }");
            (None, None)
        }
    }
}

fn probes(reader: &mut Reader, value: Spanned<DeValue<'_>>) -> Vec<ProbeDraft> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Array(items) => items
            .into_iter()
            .filter_map(|item| {
                let table = reader.table("verify", "a probe", item)?;
                probe(reader, table)
            })
            .collect(),
        other => {
            reader
                .wrong_type("verify", &Spanned::new(span, other), "a list of probes")
                .hint = Some("write `verify = [{ … }]`".to_owned());
            Vec::new()
        }
    }
}

fn probe(reader: &mut Reader, mut table: Table<'_>) -> Option<ProbeDraft> {
    let on = reader.string(&mut table, "on", Need::Optional);
    let within = reader.duration(&mut table, "within");
    let every = reader.duration(&mut table, "every");
    if let (None, Some(every)) = (&within, &every) {
        reader.error(every.span(), "`every` without `within`").hint =
            Some("say how long it may take: `within = \"1m\"`".to_owned());
    }
    let endurance = Endurance {
        within,
        stable_for: reader.duration(&mut table, "stable-for"),
        falling: reader.placed_boolean(&mut table, "falling"),
    };
    let mut kinds = PROBES
        .iter()
        .filter(|kind| table.keys().any(|key| key == kind.name));
    let (kind, second) = (kinds.next(), kinds.next());
    let Some(kind) = kind else {
        no_probe(reader, table);
        return None;
    };
    if let Some(second) = second {
        let message = format!(
            "one probe cannot be both `{}` and `{}`",
            kind.name, second.name
        );
        reader.error(table.span(), message).hint = Some("make two probes of it".to_owned());
        return None;
    }
    let what = format!("the probe `{}`", kind.name);
    let probe = reader.foreign(&what, table.into_value(), PATIENCE, kind.parse)?;
    Some(ProbeDraft {
        probe,
        on,
        endurance,
        every: every.map(Spanned::into_inner),
    })
}

/// Tells that a table is no probe: at the key that was likely meant to name one, if there is one.
fn no_probe(reader: &mut Reader, mut table: Table<'_>) {
    let kinds = || PROBES.iter().map(|kind| kind.name);
    let span = table.span();
    for Item { key, .. } in table.take_all() {
        if let Some(near) = did_you_mean(key.get_ref(), kinds()) {
            let message = format!("unknown kind of probe `{}`", key.get_ref());
            reader.error(key.span(), message).hint = Some(format!("did you mean `{near}`?"));
            return;
        }
    }
    reader.error(span, "this probe asks nothing").hint =
        Some(format!("the kinds are {}", list(kinds())));
}
