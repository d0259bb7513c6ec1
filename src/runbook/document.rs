//! Reads a whole runbook file.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;

use super::check;
use super::draft::{Draft, HostDraft, ParamDraft, PhaseDraft};
use super::model::{ParamKind, Runbook};
use super::settle;
use super::steps;
use super::syntax;
use super::table::{Item, Need, Reader, Syntax, Table, Text};
use crate::names::{HostName, ParamName, PhaseId, did_you_mean};
use crate::problem::{Problem, Severity, Source};

/// The format of runbooks that this program reads.
pub const FORMAT: u32 = 1;

/// Reads and checks the runbook in a file.
///
/// The good end carries the runbook and what a careful author would look at again. The bad end carries
/// everything that is wrong with the file, warnings included, in the order of the file.
pub fn read_runbook(path: &Path) -> Result<(Runbook, Vec<Problem>), Vec<Problem>> {
    let source = syntax::read_file(path, "the runbook").map_err(|problem| vec![problem])?;
    read_source(&source)
}

/// Reads and checks a runbook that is already in memory; `path` is what its problems are told under.
pub fn read_runbook_text(path: &Path, text: &str) -> Result<(Runbook, Vec<Problem>), Vec<Problem>> {
    read_source(&Arc::new(Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }))
}

fn read_source(source: &Arc<Source>) -> Result<(Runbook, Vec<Problem>), Vec<Problem>> {
    let syntax::Parsed {
        content: draft,
        syntax,
        mut problems,
    } = syntax::parse(source, "the runbook", document);
    // With a broken syntax, half of the file may be lost, and every name declared there with it.
    if syntax == Syntax::Whole {
        let sound = problems.iter().all(|p| p.severity == Severity::Warning);
        problems.extend(check::check(source, &draft, sound));
    }
    tidy(&mut problems);
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(problems);
    }
    match settle::settle(source, draft) {
        Some(runbook) => Ok((runbook, problems)),
        None => {
            let message = "the runbook is not complete, and its check did not see why";
            problems.push(Problem::error(source, 0..0, message));
            Err(problems)
        }
    }
}

/// Puts problems in the order of the file and drops those told twice.
pub(super) fn tidy(problems: &mut Vec<Problem>) {
    problems.sort_by_key(|p| (p.span.start, p.span.end));
    problems.dedup_by(|b, a| a.span == b.span && a.message == b.message);
}

fn document(reader: &mut Reader, mut root: Table<'_>) -> Draft {
    format(reader, &mut root);
    let draft = Draft {
        title: reader.line(&mut root, "title", Need::Required),
        about: text(reader.string(&mut root, "about", Need::Optional)),
        window: reader
            .duration(&mut root, "window")
            .map(Spanned::into_inner),
        hosts: hosts(reader, &mut root),
        params: params(reader, &mut root),
        phases: reader
            .tables(&mut root, "phase", "a phase")
            .into_iter()
            .map(|table| phase(reader, table))
            .collect(),
        steps: reader
            .tables(&mut root, "step", "a step")
            .into_iter()
            .map(|table| steps::read(reader, table))
            .collect(),
    };
    reader.close(root);
    draft
}

fn text(found: Option<Text>) -> String {
    found.map_or_else(String::new, Spanned::into_inner)
}

fn format(reader: &mut Reader, root: &mut Table<'_>) {
    let Some(Item { value, .. }) = root.take("format") else {
        root.must_have("format");
        return;
    };
    match value.get_ref().as_integer() {
        Some(number) if number.as_str().parse() == Ok(FORMAT) => {}
        Some(number) => {
            let message = format!("format {} is not known here", number.as_str());
            reader.error(value.span(), message).hint =
                Some(format!("this version reads format {FORMAT}"));
        }
        None => {
            reader.wrong_type("format", &value, "a whole number");
        }
    }
}

fn hosts(reader: &mut Reader, root: &mut Table<'_>) -> Vec<HostDraft> {
    let items = root
        .take("hosts")
        .and_then(|item| reader.table("hosts", "`hosts`", item.value))
        .map_or_else(Vec::new, |mut table| table.take_all());
    let mut hosts = Vec::new();
    for Item { key, value } in items {
        if let Err(error) = HostName::new(key.get_ref().as_str()) {
            reader.error(key.span(), error.to_string());
        }
        let about = text(reader.as_string(key.get_ref(), value));
        hosts.push(HostDraft { name: key, about });
    }
    hosts
}

fn params(reader: &mut Reader, root: &mut Table<'_>) -> Vec<ParamDraft> {
    let items = root
        .take("params")
        .and_then(|item| reader.table("params", "`params`", item.value))
        .map_or_else(Vec::new, |mut table| table.take_all());
    let mut params = Vec::new();
    for Item { key, value } in items {
        if let Err(error) = ParamName::new(key.get_ref().as_str()) {
            reader.error(key.span(), error.to_string());
        }
        params.push(match reader.table(key.get_ref(), "a parameter", value) {
            Some(table) => param(reader, key, table),
            None => ParamDraft {
                name: key,
                ask: None,
                default: None,
                kind: None,
            },
        });
    }
    params
}

fn param(reader: &mut Reader, name: Text, mut table: Table<'_>) -> ParamDraft {
    let ask = reader.line(&mut table, "ask", Need::Required);
    let default = table
        .take("default")
        .and_then(|item| reader.scalar("default", item.value));
    let kind = param_kind(reader, &mut table);
    reader.close(table);
    ParamDraft {
        name,
        ask,
        default,
        kind,
    }
}

fn param_kind(reader: &mut Reader, table: &mut Table<'_>) -> Option<ParamKind> {
    let kind = match table.take("kind") {
        Some(item) => Some(reader.as_string("kind", item.value)?),
        None => None,
    };
    let choices = reader.strings(table, "choices");
    let name = kind.as_ref().map_or("text", |kind| kind.get_ref().as_str());
    if let (Some(choices), true) = (&choices, name != "choice") {
        reader
            .error(choices.span(), format!("`choices` with the kind `{name}`"))
            .hint = Some("write `kind = \"choice\"`".to_owned());
    }
    match name {
        "text" => Some(ParamKind::Text),
        "path" => Some(ParamKind::Path),
        "host" => Some(ParamKind::Host),
        "ip" => Some(ParamKind::Ip),
        "int" => Some(ParamKind::Int),
        "secret" => Some(ParamKind::Secret),
        "choice" => {
            let Some(choices) = choices else {
                table.must_have("choices");
                return None;
            };
            let span = choices.span();
            let words: Vec<String> = choices
                .into_inner()
                .into_iter()
                .map(Spanned::into_inner)
                .collect();
            if words.is_empty() || words.iter().any(|word| word.trim().is_empty()) {
                reader.error(span, "`choices` needs words to choose from");
                return None;
            }
            Some(ParamKind::Choice(words))
        }
        other => {
            let known = ["text", "path", "host", "ip", "int", "choice", "secret"];
            let hint = match did_you_mean(other, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the kinds are {}", super::table::list(known)),
            };
            let span = kind.as_ref().map_or(table.span(), Spanned::span);
            let message = format!("unknown kind of parameter `{other}`");
            reader.error(span, message).hint = Some(hint);
            None
        }
    }
}

fn phase(reader: &mut Reader, mut table: Table<'_>) -> PhaseDraft {
    let id = reader.line(&mut table, "id", Need::Required);
    if let Some(id) = &id
        && let Err(error) = PhaseId::new(id.get_ref().as_str())
    {
        reader.error(id.span(), error.to_string());
    }
    let draft = PhaseDraft {
        span: table.span(),
        id,
        title: reader.line(&mut table, "title", Need::Required),
    };
    reader.close(table);
    draft
}
