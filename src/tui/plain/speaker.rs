//! Tells what is new, and asks what is to be done.
//!
//! A gate is told whole before it is asked about, and the guard learns when that was written; so a line that came
//! before says yes to nothing, just as a key does on the screen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::client::Update;
use crate::names::{MachineName, StepId};
use crate::problem::seen;
use crate::run::{Event, Way, wanted};
use crate::tui::app::{App, Effect, Now};
use crate::tui::how::Hands;
use crate::tui::look::Tone;
use crate::tui::view::lines::Teller;

use super::asks::Asked;
use super::follow::Follow;
use super::outputs::{Quest, ReadLast};
use super::pages::Reading;

/// How long something must be wrong before it is told: a connection takes a moment to be made.
pub(super) const WRONG: Duration = Duration::from_millis(700);

/// How often a wait is told whose answer changes, one whose answer stays, and that something still runs.
const CHANGED: Duration = Duration::from_secs(10);
const STILL: Duration = Duration::from_secs(60);

/// How long something goes through an output before it is told how far it has come.
const SEARCHING: Duration = Duration::from_secs(2);

/// How long news wait for what was printed before them.
const BEHIND: Duration = Duration::from_secs(1);

/// How many of the latest entries somebody who comes late is told.
const LATELY: usize = 5;

/// What the lines know beside the run.
pub(in crate::tui) struct Plain {
    pub(super) width: usize,
    pub(super) greeted: bool,
    /// How many entries were told.
    told: usize,
    pub(super) asked: Asked,
    /// The gate, or the state, whose page was told.
    pub(super) page_of: Option<(Option<usize>, u32, &'static str, Option<String>)>,
    alarms: BTreeMap<String, (Duration, bool)>,
    waits: BTreeMap<(StepId, MachineName, Option<u16>), (String, Duration)>,
    deadline: Option<Tone>,
    pub(super) follow: Follow,
    pub(super) reading: Option<Reading>,
    pub(super) quest: Option<Quest>,
    /// When it is told next how far that has come, while it is under way.
    quest_due: Option<Duration>,
    pub(super) read_last: Option<ReadLast>,
    /// Why no pager can be opened here.
    pub(in crate::tui) no_pager: Option<&'static str>,
    /// Lines that were asked for.
    pub(super) answer: Vec<String>,
    /// Whether the whole page, or the question alone, is to be told once more.
    pub(super) again: bool,
    pub(super) ask: bool,
    /// Since when something that was printed is still to be told.
    behind_since: Option<Duration>,
    spoke_at: Duration,
    /// Whether lines of a text were typed since it was asked for.
    pub(super) typing: bool,
    pub(super) pending_told: bool,
    pub(super) pending_since: Option<Duration>,
}

impl Plain {
    /// Begins with a run of which nothing was told, in lines of a width.
    pub(in crate::tui) fn new(app: &mut App, width: u16) -> Self {
        app.hands = Hands::Lines;
        app.field_left = true;
        Self {
            width: usize::from(width),
            greeted: false,
            told: 0,
            asked: Asked::Nothing,
            page_of: None,
            alarms: BTreeMap::new(),
            waits: BTreeMap::new(),
            deadline: None,
            follow: Follow::default(),
            reading: None,
            quest: None,
            quest_due: None,
            read_last: None,
            no_pager: None,
            answer: Vec::new(),
            again: false,
            ask: false,
            behind_since: None,
            spoke_at: Duration::ZERO,
            typing: false,
            pending_told: false,
            pending_since: None,
        }
    }

    /// Something else was on the terminal: whatever is asked is asked anew, and a gate is told whole before that.
    pub(in crate::tui) fn is_back(&mut self) {
        self.asked = Asked::Nothing;
        self.page_of = None;
        self.ask = true;
    }

    pub(super) fn teller<'a>(&self, app: &'a App, now: Now) -> Teller<'a> {
        Teller::new(app, self.width, now)
    }

    /// Takes what the client tells, before the app does.
    pub(in crate::tui) fn hear(&mut self, update: &Update, at: Duration) {
        match update {
            Update::Piece {
                file,
                offset,
                bytes,
                length,
            } => {
                self.follow.piece(file, *offset, bytes, at);
                self.piece((file, *offset), bytes, *length);
            }
            Update::Disconnected { .. } => {
                self.follow.forget_asked();
                if let Some(reading) = &mut self.reading {
                    reading.forget_asked();
                }
                if let Some(quest) = &mut self.quest {
                    quest.forget_asked();
                }
            }
            _ => {}
        }
    }

    /// What is to be read of what is printed.
    pub(in crate::tui) fn reads(&mut self, app: &App) -> Vec<Effect> {
        if !app.is_live() {
            return Vec::new();
        }
        let mut effects = self.follow.reads(app);
        effects.extend(self.reads_again());
        effects
    }

    /// Whether something may be to be told soon without anything new being heard.
    pub(in crate::tui) fn is_restless(&self, app: &App) -> bool {
        self.follow.waits()
            || self.behind_since.is_some()
            || self.owes_an_answer()
            || app.is_waiting_for_an_answer()
            || self.alarms.values().any(|(_, told)| !told)
    }

    /// All that is to be told now; empty where nothing is. `slow` says that the line has not taken yet what was written
    /// before.
    pub(in crate::tui) fn speak(&mut self, app: &mut App, now: Now, slow: bool) -> String {
        let mut out = match self.greeted {
            true => self.follow.tell(now.since, slow),
            false => Vec::new(),
        };
        if let Some((text, _)) = app.message.take() {
            out.extend(self.teller(app, now).text(&format!("-- {text}")));
        }
        let behind = self.follow.owes();
        let since = *self.behind_since.get_or_insert(now.since);
        if !behind {
            self.behind_since = None;
        }
        if !behind || now.since.saturating_sub(since) >= BEHIND || !self.greeted {
            self.behind_since = None;
            out.append(&mut self.answer);
            self.greet(app, now, &mut out);
            self.news(app, now, &mut out);
            self.wrong(app, now, &mut out);
            self.waiting(app, now, &mut out);
            self.way_back(app, now, &mut out);
            self.under_way(app, now, &mut out);
            self.question(app, now, &mut out);
        }
        if out.is_empty() {
            return String::new();
        }
        self.spoke_at = now.since;
        finished(&out, app.options.look.unicode)
    }

    /// Whether it was told where the run stands.
    pub(super) fn has_told(&self) -> bool {
        self.greeted && self.asked != Asked::Nothing
    }

    /// Tells that what was said last is written: only now can anybody have read it.
    pub(in crate::tui) fn written(&mut self, app: &mut App, since: Duration) {
        app.gate_drawn = self.gate_told(app);
        app.drawn(since);
        if let Asked::Menu { at, .. } = &mut self.asked
            && *at == Duration::MAX
        {
            *at = since;
        }
    }

    fn greet(&mut self, app: &App, now: Now, out: &mut Vec<String>) {
        if self.greeted || !app.is_live() || app.folded.run.plan.is_none() {
            return;
        }
        self.greeted = true;
        self.again = true;
        let teller = self.teller(app, now);
        if let Some(id) = &app.folded.run.id {
            out.extend(teller.text(&format!("Runsheet, run {id}, in plain lines.")));
        }
        out.extend(teller.text(
            "An answer is a number or a word, and Enter. Enter alone does nothing but say what can be done.",
        ));
        if let Some(plan) = &app.folded.run.plan {
            out.extend(teller.text(&plan.about));
        }
        let entries = &app.folded.entries;
        // Whoever opened the run has missed nothing.
        let late = entries
            .iter()
            .any(|entry| matches!(entry.event, Event::StepApproved { .. }));
        if late {
            out.push("lately:".to_owned());
            let from = entries.len().saturating_sub(LATELY);
            out.extend(entries[from..].iter().map(|entry| teller.entry(entry)));
        }
        self.told = entries.len();
    }

    /// What happened, one line an entry; what colleagues do is among it.
    fn news(&mut self, app: &App, now: Now, out: &mut Vec<String>) {
        if !self.greeted {
            return;
        }
        let teller = self.teller(app, now);
        for entry in app.folded.entries.iter().skip(self.told) {
            match &entry.event {
                // Told with its page, or not worth a line.
                Event::StepShown { .. } | Event::RunOpened { .. } => {}
                Event::StepReached {
                    step,
                    attempt: 0 | 1,
                    way: Way::Forward,
                    ..
                } => {
                    let turn = teller.turn(step);
                    let clock = teller.clock(entry.at);
                    out.extend(turn.map(|turn| teller.own(&format!("{clock} {turn}"))));
                }
                _ => out.push(teller.entry(entry)),
            }
        }
        self.told = app.folded.entries.len();
    }

    fn wrong(&mut self, app: &App, now: Now, out: &mut Vec<String>) {
        let alarms = match app.folded.run.ending {
            // Of a run that has ended the engine leaves, and nothing is wrong with that.
            Some(_) => Vec::new(),
            None => self.teller(app, now).alarms(),
        };
        let mut standing = BTreeSet::new();
        for alarm in alarms {
            // Its clock goes on; what it is about stays.
            let key = alarm.split(|c: char| c.is_ascii_digit() || c == '\u{b7}' || c == '|');
            let key = key.map(str::trim).next().unwrap_or_default().to_owned();
            let (since, told) = self.alarms.entry(key.clone()).or_insert((now.since, false));
            standing.insert(key);
            if !*told && now.since.saturating_sub(*since) >= WRONG {
                *told = true;
                out.extend(self.teller(app, now).text(&format!("!! {alarm}")));
            }
        }
        let over = app.folded.run.ending.is_some();
        let gone = |key: &String| !standing.contains(key) && !over;
        for (key, _) in self
            .alarms
            .iter()
            .filter(|(key, (_, told))| *told && gone(key))
        {
            out.push(format!("!! no longer: {key}"));
        }
        self.alarms.retain(|key, _| standing.contains(key));
    }

    fn waiting(&mut self, app: &App, now: Now, out: &mut Vec<String>) {
        self.waits.retain(|key, _| app.asked.contains_key(key));
        for (key, waiting) in &app.asked {
            let known = self.waits.get(key);
            let due = known.is_none_or(|(seen, at)| {
                let pause = if *seen == waiting.seen {
                    STILL
                } else {
                    CHANGED
                };
                now.since.saturating_sub(*at) >= pause
            });
            if due {
                let teller = Teller::new(app, self.width, now);
                out.extend(teller.waiting((&key.0, &key.1), waiting));
                let told = (waiting.seen.clone(), now.since);
                self.waits.insert(key.clone(), told);
            }
        }
        let idle = now.since.saturating_sub(self.spoke_at) >= STILL;
        if idle && out.is_empty() && app.is_live() && !wanted(&app.folded.run).person {
            out.extend(self.teller(app, now).wanted());
        }
    }

    /// How far something has come that goes through an output.
    fn under_way(&mut self, app: &App, now: Now, out: &mut Vec<String>) {
        let quest = self.quest.as_ref().filter(|quest| quest.is_under_way());
        let Some(quest) = quest else {
            self.quest_due = None;
            return;
        };
        let due = *self.quest_due.get_or_insert(now.since + SEARCHING);
        if now.since >= due {
            let said = quest.progress();
            self.quest_due = Some(now.since + CHANGED);
            out.extend(said.map(|said| self.teller(app, now).own(&said)));
        }
    }

    /// The way back comes near its latest start, or is over.
    fn way_back(&mut self, app: &App, now: Now, out: &mut Vec<String>) {
        let teller = self.teller(app, now);
        let tone = teller.deadline_tone();
        if self.greeted && tone != self.deadline {
            let loud = matches!(tone, Some(Tone::Care | Tone::Bad));
            out.extend(
                teller
                    .deadline()
                    .filter(|_| loud)
                    .map(|text| format!("!! {text}")),
            );
            self.deadline = tone;
        }
    }
}

/// Lines as they are written: nothing in them but text that can be seen, and ASCII where the terminal has no more.
fn finished(lines: &[String], unicode: bool) -> String {
    let mut out = String::new();
    for line in lines {
        for (c, shown) in seen(line) {
            match shown && (unicode || c.is_ascii()) {
                true => out.push(c),
                false => out.extend(c.escape_unicode()),
            }
        }
        out.push('\n');
    }
    out
}
