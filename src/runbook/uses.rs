//! Checks every name that an action, a probe or a gate uses, and finds what nobody uses.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use toml::Spanned;

use super::check::is_taken;
use super::condition::ConditionDraft;
use super::draft::{Draft, StepDraft, UndoDraft};
use super::made::{self, Made, Maker};
use super::model::ParamKind;
use super::shell;
use super::spread::{ForEachDraft, OfDraft};
use super::syntax::inside;
use super::table::Reader;
use super::well_known::is_well_known;
use crate::names::{HostName, did_you_mean};
use crate::probe::{Mentions, Remark};
use crate::template::{Template, address_variable};

/// What the runbook declares, and what was seen in use.
pub(super) struct Names<'d> {
    hosts: HashSet<&'d str>,
    /// Each parameter, and its kind; none where that is wrong.
    params: HashMap<&'d str, Option<&'d ParamKind>>,
    /// Each name that a step gives a value.
    made: HashMap<&'d str, Made<'d>>,
    /// The place of the step that is looked at.
    turn: usize,
    /// Which part of it is.
    part: Part,
    /// The name of its items.
    item: Option<&'d str>,
    /// Each address variable with the host it belongs to.
    addresses: HashMap<String, &'d str>,
    used_hosts: HashSet<&'d str>,
    /// Parameters, and names that steps make.
    used_names: HashSet<&'d str>,
}

/// Which part of a step mentions something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Its action: it has captured nothing yet.
    Does,
    /// Its proof and its undo, which come after it.
    After,
}

/// Everything that a step mentions, through its action, its undo and its probes.
pub(super) fn mentions(step: &StepDraft) -> Vec<(Part, Mentions<'_>)> {
    let mut all = Vec::new();
    if let Some(action) = &step.action {
        all.push((Part::Does, action.mentions()));
        let awaited = action.awaited().map(|awaited| awaited.probe.mentions());
        all.extend(awaited.map(|mentions| (Part::Does, mentions)));
    }
    let mut after = Vec::new();
    if let UndoDraft::Action(undo) = &step.undo {
        after.push(undo.mentions());
        after.extend(undo.awaited().map(|awaited| awaited.probe.mentions()));
    }
    after.extend(step.verify.iter().map(|probe| probe.probe.mentions()));
    all.extend(after.into_iter().map(|mentions| (Part::After, mentions)));
    all
}

/// What is to be said about the step's probes, those of a wait among them.
pub(super) fn remarks(step: &StepDraft) -> Vec<Remark> {
    let undo = match &step.undo {
        UndoDraft::Action(undo) => Some(undo),
        _ => None,
    };
    let waits = step.action.iter().chain(undo);
    let waits = waits.filter_map(|action| action.awaited());
    let awaited = waits.flat_map(|awaited| {
        let own = awaited.remarks.iter().cloned();
        awaited.probe.remarks().into_iter().chain(own)
    });
    let proofs = step.verify.iter().flat_map(|proof| {
        let own = proof.endurance.remarks(proof.probe.as_ref());
        proof.probe.remarks().into_iter().chain(own)
    });
    awaited.chain(proofs).collect()
}

impl<'d> Names<'d> {
    pub(super) fn of(draft: &'d Draft, made: HashMap<&'d str, Made<'d>>) -> Self {
        let hosts: HashSet<&str> = draft
            .hosts
            .iter()
            .map(|h| h.name.get_ref().as_str())
            .collect();
        let addresses = hosts
            .iter()
            .filter_map(|host| Some((address_variable(&HostName::new(*host).ok()?), *host)))
            .collect();
        Self {
            hosts,
            params: draft
                .params
                .iter()
                .map(|p| (p.name.get_ref().as_str(), p.kind.as_ref()))
                .collect(),
            made,
            turn: 0,
            part: Part::Does,
            item: None,
            addresses,
            used_hosts: HashSet::new(),
            used_names: HashSet::new(),
        }
    }

    /// Checks the use of a host outside of a template.
    pub(super) fn host(&mut self, reader: &mut Reader, name: &str, span: Range<usize>) {
        if let Some(host) = self.hosts.get(name) {
            self.used_hosts.insert(host);
            return;
        }
        let hint = match did_you_mean(name, self.hosts.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if name == "bastion" || name == "local" => {
                "leave `on` out for a step on the bastion".to_owned()
            }
            None => format!("declare it: `[hosts]` `{name} = \"what it is\"`"),
        };
        reader.error(span, format!("unknown host `{name}`")).hint = Some(hint);
    }

    pub(super) fn mentioned(&mut self, reader: &mut Reader, part: Part, mentions: &Mentions<'_>) {
        self.part = part;
        for host in &mentions.hosts {
            self.host(reader, host.get_ref().as_str(), host.span());
        }
        for template in &mentions.templates {
            self.template(reader, template);
        }
        for text in &mentions.shells {
            self.shell(reader, text);
        }
    }

    /// Checks the names between braces.
    pub(super) fn template(&mut self, reader: &mut Reader, template: &Spanned<Template>) {
        let text = template.get_ref().source();
        let mut from = 0;
        for place in template.get_ref().places() {
            // Places come in the order of the text, so each is looked for behind the one before.
            let start = text[from..].find(place).map_or(from, |at| from + at);
            let end = (start + place.len()).min(text.len());
            from = end;
            let span = inside(&reader.source, &template.span(), text, &(start..end));
            if let Some((host, _)) = place.split_once('.') {
                self.host(reader, host, span);
                continue;
            }
            match self.params.get_key_value(place).map(|(n, k)| (*n, *k)) {
                Some((name, Some(ParamKind::Secret))) => {
                    self.used_names.insert(name);
                    reader.error(span, format!("`{place}` is a secret")).hint = Some(format!(
                        "secrets go into shell text only, as `${place}`: this field is shown"
                    ));
                }
                Some((name, _)) => {
                    self.used_names.insert(name);
                }
                None if self.item == Some(place) => {}
                None if self.is_list(place) => {
                    let message = format!("`{place}` is a list, and this place takes one value");
                    reader.error(span, message).hint =
                        Some("go through it: for-each = { name = …, in = … }".to_owned());
                }
                None if self.made(reader, place, &span) => {}
                None => self.unknown_param(reader, place, span),
            }
        }
    }

    /// Tells which step is looked at: names are known in it that an earlier one has made.
    pub(super) fn turn_of(&mut self, step: usize) {
        self.turn = step;
        self.item = None;
        self.part = Part::Does;
    }

    /// Checks the list that a step goes through. Its name is known in what follows of the step.
    pub(super) fn for_each(&mut self, reader: &mut Reader, each: &'d ForEachDraft) {
        let (name, span) = (each.name.get_ref().as_str(), each.name.span());
        if is_taken(name) || self.params.contains_key(name) || self.made.contains_key(name) {
            let message = format!("an item cannot be called `{name}`");
            reader.error(span, message).hint =
                Some("that name means something already: give it another".to_owned());
        }
        if let OfDraft::Named(list) = &each.of {
            let (text, span) = (list.get_ref().as_str(), list.span());
            let known = self.made.get_key_value(text);
            match known.map(|(name, made)| (*name, matches!(made.by, Maker::List))) {
                Some((_, true)) => {
                    self.made(reader, text, &span);
                }
                Some((_, false)) => {
                    reader.error(span, format!("`{text}` is not a list")).hint =
                        Some("capture it with as = \"lines\"".to_owned());
                }
                None => {
                    let lists = self.made.iter();
                    let lists = lists.filter(|(_, made)| matches!(made.by, Maker::List));
                    let hint = match did_you_mean(text, lists.map(|(name, _)| *name)) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "an earlier step captures it, with as = \"lines\"; or write the \
                                 items: in = [\"a\", \"b\"]"
                            .to_owned(),
                    };
                    reader
                        .error(span, format!("there is no list `{text}`"))
                        .hint = Some(hint);
                }
            }
        }
        self.item = Some(name);
    }

    /// Whether a step makes a name; tells where that is not an earlier one.
    fn made(&mut self, reader: &mut Reader, name: &str, span: &Range<usize>) -> bool {
        let Some((name, made)) = self.made.get_key_value(name) else {
            return false;
        };
        self.used_names.insert(name);
        let own = made.step == self.turn && self.part == Part::After;
        if made.step >= self.turn && !(own && made.is_captured()) {
            let message = match made.step == self.turn {
                true => format!("`{name}` gets its value by this very step"),
                false => format!("`{name}` has no value here yet"),
            };
            let problem = reader.error(span.clone(), message);
            problem
                .also
                .push((made.span.clone(), "it gets one".to_owned()));
            problem.hint = Some("steps run in the order of the file: use it further down".into());
        }
        true
    }

    /// Checks the name of a condition, and whether its value can be what is asked for.
    pub(super) fn condition(&mut self, reader: &mut Reader, condition: &ConditionDraft) {
        let (name, span) = (condition.name.get_ref().as_str(), condition.name.span());
        if let Some((known, kind)) = self.params.get_key_value(name) {
            self.used_names.insert(known);
            made::values(reader, condition, (*kind, None));
        } else if self.is_list(name) {
            reader.error(span, format!("`{name}` is a list")).hint = Some(
                "a condition is on one value; an empty list rules a step out by itself".into(),
            );
        } else if self.made(reader, name, &span) {
            let by = self.made.get(name).map(|made| &made.by);
            made::values(reader, condition, (None, by));
        } else {
            self.unknown_param(reader, name, span);
        }
    }

    fn is_list(&self, name: &str) -> bool {
        let made = self.made.get(name);
        made.is_some_and(|made| matches!(made.by, Maker::List))
    }

    fn known(&self) -> impl Iterator<Item = &str> {
        let names = self.params.keys().chain(self.made.keys()).copied();
        names.chain(self.item)
    }

    fn unknown_param(&self, reader: &mut Reader, name: &str, span: Range<usize>) {
        let hint = match did_you_mean(name, self.known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare it: `[params.{name}]` with `ask` and `kind`"),
        };
        reader
            .error(span, format!("the parameter `{name}` is not declared"))
            .hint = Some(hint);
    }

    fn shell(&mut self, reader: &mut Reader, text: &Spanned<String>) {
        let found = shell::variables(text.get_ref());
        for word in shell::words(text.get_ref()) {
            if let Some((name, _)) = self.params.get_key_value(word) {
                self.used_names.insert(name);
            } else if let Some((name, _)) = self.made.get_key_value(word) {
                self.used_names.insert(name);
            } else if let Some(host) = self.addresses.get(word) {
                self.used_hosts.insert(host);
            }
        }
        let mut told = HashSet::new();
        for (name, place) in &found.reads {
            if self.made.contains_key(name) && !found.sets.contains(name) && told.insert(*name) {
                let span = inside(&reader.source, &text.span(), text.get_ref(), place);
                self.made(reader, name, &span);
            }
            let known = !is_capitals(name)
                || self.params.contains_key(name)
                || self.made.contains_key(name)
                || self.item == Some(*name)
                || self.addresses.contains_key(*name)
                || found.sets.contains(name)
                || is_well_known(name)
                || is_leg(name);
            if known || !told.insert(*name) {
                continue;
            }
            let span = inside(&reader.source, &text.span(), text.get_ref(), place);
            self.unknown_variable(reader, name, span, found.runs_other_text);
        }
    }

    fn unknown_variable(
        &self,
        reader: &mut Reader,
        name: &str,
        span: Range<usize>,
        may_be_set_elsewhere: bool,
    ) {
        let known = self.known();
        let known = known.chain(self.addresses.keys().map(String::as_str));
        let hint = match did_you_mean(name, known) {
            Some(near) => format!("did you mean `${near}`?"),
            None if name.starts_with("RUNSHEET_") => {
                "a host's address is `$RUNSHEET_HOST_ADDRESS`, with its name in capitals".to_owned()
            }
            None => format!(
                "declare it as `[params.{name}]`, or write `${{{name}:-}}` where it may be unset"
            ),
        };
        let message = format!("`${name}` is not declared, and this text does not set it");
        if may_be_set_elsewhere {
            reader.warning(span, message).hint = Some(hint);
        } else {
            reader.error(span, message).hint = Some(hint);
        }
    }

    /// Warns of what is declared and never used.
    pub(super) fn unused(&self, reader: &mut Reader, draft: &Draft) {
        for host in &draft.hosts {
            if !self.used_hosts.contains(host.name.get_ref().as_str()) {
                let message = format!("no step uses the host `{}`", host.name.get_ref());
                reader.warning(host.name.span(), message);
            }
        }
        for param in &draft.params {
            if !self.used_names.contains(param.name.get_ref().as_str()) {
                let message = format!("no step uses the parameter `{}`", param.name.get_ref());
                reader.warning(param.name.span(), message);
            }
        }
        for (name, made) in &self.made {
            if !self.used_names.contains(name) {
                let message = format!("no later step uses `{name}`");
                reader.warning(made.span.clone(), message);
            }
        }
    }
}

fn is_capitals(name: &str) -> bool {
    name.bytes().any(|b| b.is_ascii_uppercase()) && !name.bytes().any(|b| b.is_ascii_lowercase())
}

/// What an earlier leg of the same step printed.
fn is_leg(name: &str) -> bool {
    name.strip_prefix("RUNSHEET_LEG_")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
