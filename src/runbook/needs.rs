//! Checks what steps say they need: every need is a step, and stands before the one that needs it.

use std::collections::HashMap;

use super::draft::StepDraft;
use super::table::{Reader, Text};
use crate::names::did_you_mean;

/// Tells needs that name no step, go round in a circle, or point forward.
pub(super) fn check(reader: &mut Reader, steps: &[StepDraft], index: &HashMap<&str, usize>) {
    let mut edges: Vec<Vec<(usize, &Text)>> = Vec::with_capacity(steps.len());
    for step in steps {
        let mut known = Vec::new();
        for need in &step.needs {
            match index.get(need.get_ref().as_str()) {
                Some(at) => known.push((*at, need)),
                None => {
                    let message = format!("`needs` names no step: `{}`", need.get_ref());
                    reader.error(need.span(), message).hint =
                        did_you_mean(need.get_ref(), index.keys().copied())
                            .map(|near| format!("did you mean `{near}`?"));
                }
            }
        }
        edges.push(known);
    }
    let circles = circles(reader, steps, &edges);
    for (at, needs) in edges.iter().enumerate() {
        for (needed, text) in needs {
            let told = circles[at].is_some() && circles[at] == circles[*needed];
            if *needed > at && !told {
                let message = format!(
                    "`{}` is needed here, but stands further down",
                    text.get_ref()
                );
                let problem = reader.error(text.span(), message);
                problem.hint = Some("steps run in the order of the file: move one of them".into());
                if let Some(id) = &steps[*needed].id {
                    problem.also.push((id.span(), "it stands".to_owned()));
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    No,
    OnPath,
    Done,
}

/// Names each circle once, and tells which one each step is in.
///
/// A depth-first walk with its own stack, because a chain of needs can be as long as the runbook.
fn circles(
    reader: &mut Reader,
    steps: &[StepDraft],
    edges: &[Vec<(usize, &Text)>],
) -> Vec<Option<usize>> {
    let mut seen = vec![Seen::No; steps.len()];
    let mut circle_of: Vec<Option<usize>> = vec![None; steps.len()];
    let mut circles = 0;
    for start in 0..steps.len() {
        if seen[start] != Seen::No {
            continue;
        }
        seen[start] = Seen::OnPath;
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            let Some((needed, text)) = edges[at].get(*next) else {
                seen[at] = Seen::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match seen[*needed] {
                Seen::No => {
                    seen[*needed] = Seen::OnPath;
                    path.push((*needed, 0));
                }
                Seen::OnPath => {
                    let from = path.iter().position(|(step, _)| step == needed);
                    let members: Vec<usize> = path[from.unwrap_or_default()..]
                        .iter()
                        .map(|(step, _)| *step)
                        .collect();
                    for member in &members {
                        circle_of[*member].get_or_insert(circles);
                    }
                    circles += 1;
                    tell(reader, steps, &members, text);
                }
                Seen::Done => {}
            }
        }
    }
    circle_of
}

fn tell(reader: &mut Reader, steps: &[StepDraft], members: &[usize], at: &Text) {
    let name = |step: &usize| {
        let id = steps[*step].id.as_ref();
        id.map_or_else(String::new, |id| format!("`{}`", id.get_ref()))
    };
    let mut way: Vec<String> = members.iter().map(name).collect();
    way.extend(members.first().map(name));
    let message = match members {
        [_] => format!("the step {} needs itself", way[0]),
        _ => format!("needs go round in a circle: {}", way.join(" needs ")),
    };
    reader.error(at.span(), message).hint =
        Some("no step of a circle could ever start: take one of the needs out".to_owned());
}
