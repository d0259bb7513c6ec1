//! Values full of characters that a shell, a program or a format reads otherwise, in every place a value can go:
//! what really arrived is compared byte for byte, and what did not arrive was refused before anything started.
//!
//! The programs are recorders that come first in `PATH` and write down the arguments they were given.

use std::collections::BTreeMap;
use std::fs;

use runsheet::edit::yaml::{YamlPath, get};

use super::desk::{Desk, book, calls, values};
use super::size::told;

/// The places, each a step of its own: the step's id, what it does, and whether it writes to a file of its own.
const PLACES: [(&str, &str); 15] = [
    ("shell", r#"do.command.run = 'record shell "$V"'"#),
    (
        "bash",
        r#"do.command = { run = 'record bash "$V"', shell = "bash" }"#,
    ),
    (
        "typed",
        "do.command.run = 'record typed \"$V\"'\ngate = { type-back = \"wipe {{V}}\" }",
    ),
    (
        "probe",
        r#"do.command.run = 'true'
verify = [{ command = 'record probe "$V"; printf %s "$V"', equals = "{{V}}" }]"#,
    ),
    ("container", r#"do.docker.stop = "{{V}}""#),
    (
        "argument",
        r#"do.docker.exec = { container = "c", command = ["prog", "{{V}}", "--flag={{V}}"] }"#,
    ),
    (
        "copy",
        r#"do.rsync = { path = "{{ROOT}}/src/{{V}}", to-path = "{{ROOT}}/dst/", exclude = ["{{V}}.not"] }"#,
    ),
    (
        "url",
        r#"do.command.run = 'true'
verify = [{ http = "http://127.0.0.1:9/{{V}}", headers = { X-V = "{{V}}" } }]"#,
    ),
    (
        "set",
        r#"do.yaml = { file = "{{ROOT}}/set.yml", path = "k", set = "{{V}}" }"#,
    ),
    (
        "key",
        r#"do.yaml = { file = "{{ROOT}}/key.yml", path = "m.{{V}}", set = "new" }"#,
    ),
    (
        "replace",
        r#"do.edit = { file = "{{ROOT}}/replace.txt", find = "old", replace = "{{V}}" }"#,
    ),
    (
        "find",
        r#"do.edit = { file = "{{ROOT}}/find.txt", find = "[{{V}}]", replace = "found" }"#,
    ),
    (
        "path",
        r#"do.edit = { file = "{{ROOT}}/named/{{V}}", find = "old", replace = "new" }"#,
    ),
    (
        "port",
        r#"do.command.run = 'true'
verify = [{ tcp = "{{V}}:9" }]"#,
    ),
    (
        "server",
        r#"do.nginx-upstream = { file = "{{ROOT}}/nginx.conf", upstreams = ["core"], servers = ["{{V}}"] }"#,
    ),
];

const PARAM: &str = "[params.V]\nask = \"the value\"\n";

impl Desk {
    /// Writes the runbook of some places, the answers to it, and the files that it is about.
    fn plays(&self, places: &[(&str, &str)], value: &str) {
        let steps: Vec<(&str, String)> = places
            .iter()
            .map(|(id, what)| (*id, (*what).to_owned()))
            .collect();
        self.home.write("book.toml", book(&steps, PARAM));
        let mut answers = "format = 1\napprove = [\"*\"]\n".to_owned();
        let words = serde_json::to_string(&format!("wipe {value}")).unwrap();
        for (id, _) in places {
            answers.push_str(&format!(
                "[step.{id}]\nattest = \"looked at by the test\"\n"
            ));
            if *id == "typed" {
                answers.push_str(&format!("type = {words}\n"));
            }
        }
        self.home.write("yes.toml", &answers);
        self.files(value);
    }

    /// What became of a value in a place: whether it arrived, or what is wrong with how it did.
    fn arrived(&self, place: &str, value: &str, calls: &[Vec<Vec<u8>>]) -> Result<bool, String> {
        let v = value.as_bytes().to_vec();
        let root = self.at("files").display().to_string();
        let text = |name: &str| fs::read_to_string(self.at("files").join(name)).unwrap_or_default();
        let exactly =
            |mine: Vec<&Vec<Vec<u8>>>, wanted: &dyn Fn(&[Vec<u8>]) -> bool| match mine.as_slice() {
                [] => Ok(false),
                all if all.iter().all(|call| wanted(call)) => Ok(true),
                all => Err(format!(
                    "{place}: {value:?} arrived as {:?}",
                    all.iter()
                        .map(|call| call
                            .iter()
                            .map(|it| it.escape_ascii().to_string())
                            .collect::<Vec<_>>())
                        .collect::<Vec<_>>()
                )),
            };
        let of = |program: &str, second: &str| -> Vec<&Vec<Vec<u8>>> {
            let fits = |call: &&Vec<Vec<u8>>| {
                call[0] == program.as_bytes()
                    && call
                        .get(1)
                        .is_some_and(|it| second.is_empty() || it == second.as_bytes())
            };
            calls.iter().filter(fits).collect()
        };
        let changed = |name: &str, before: &str, after: String| match text(name) {
            now if now == before => Ok(false),
            now if now == after => Ok(true),
            now => Err(format!("{place}: {value:?} made {now:?}")),
        };
        match place {
            "shell" | "bash" | "typed" | "probe" => exactly(of("record", place), &|call| {
                call.len() == 4 && call[2] == v && call[3] == v
            }),
            "container" => {
                let inspects = of("docker", "inspect")
                    .into_iter()
                    .filter(|call| call[call.len() - 2] != b"c");
                exactly(inspects.collect(), &|call| call[call.len() - 2] == v)
            }
            "argument" => exactly(of("docker", "exec"), &|call| {
                let flag = [b"--flag=".as_slice(), &v].concat();
                call.len() == 7 && call[4] == v && call[5] == flag && call[3] == b"prog"
            }),
            "copy" => {
                let (from, to) = (
                    format!("{root}/src/{value}").into_bytes(),
                    format!("{root}/dst/").into_bytes(),
                );
                let exclude = [b"--exclude=", v.as_slice(), b".not"].concat();
                exactly(of("rsync", ""), &|call| {
                    let [.., dashes, source, target, _] = call else {
                        return false;
                    };
                    dashes == b"--" && *source == from && *target == to && call.contains(&exclude)
                })
            }
            "url" => {
                let (url, header) = (
                    format!("http://127.0.0.1:9/{value}").into_bytes(),
                    format!("X-V: {value}").into_bytes(),
                );
                exactly(of("curl", ""), &|call| {
                    let after = |option: &[u8]| {
                        call.iter()
                            .position(|it| it == option)
                            .and_then(|at| call.get(at + 1))
                    };
                    after(b"--url") == Some(&url) && after(b"-H") == Some(&header)
                })
            }
            "set" => {
                let now = text("set.yml");
                let path = YamlPath::new(["k"]).unwrap();
                match now == "k: old # here\nz: 1\n" {
                    true => Ok(false),
                    false
                        if get(&now, &path).ok().as_deref() == Some(value)
                            && now.ends_with(" # here\nz: 1\n") =>
                    {
                        Ok(true)
                    }
                    false => Err(format!("set: {value:?} made {now:?}")),
                }
            }
            "key" => {
                let quoted = serde_json::to_string(value).unwrap();
                let with = |it: &str| format!("m:\n  {quoted}: {it}\nz: 1\n");
                changed("key.yml", &with("old"), with("new"))
            }
            "replace" => changed("replace.txt", "<old>", format!("<{value}>")),
            "find" => changed("find.txt", &format!("<[{value}]>"), "<found>".to_owned()),
            "server" => match text("nginx.conf").contains("#runsheet#") {
                false => Ok(false),
                true if text("nginx.conf").contains(&format!("\n  server {value};\n")) => Ok(true),
                true => Err(format!("server: {value:?} made {:?}", text("nginx.conf"))),
            },
            "path" => {
                let now =
                    fs::read_to_string(self.at("files/named").join(value)).unwrap_or_default();
                Ok(now == "new")
            }
            _ => Ok(false),
        }
    }
}

/// What was tried of a source of values, place by place.
#[derive(Default)]
struct Count {
    arrived: usize,
    refused: usize,
    at: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

/// Tries one value in every place. A place that refuses it, when the run is put together or at its gate, is named;
/// the places behind it are tried without it.
fn everywhere(web: &str, value: &str, count: &mut Count) {
    let mut places: Vec<(&'static str, &str)> = PLACES.to_vec();
    while !places.is_empty() {
        let desk = Desk::new(web);
        desk.plays(&places, value);
        let said = desk.walk(&[format!("V={value}")]);
        desk.nothing_ran(&said);
        let calls = calls(desk.home.path());
        if matches!(said.code, 1 | 2) {
            // Nothing was opened and nothing was started.
            assert!(calls.is_empty(), "{said}");
            let runs = fs::read_dir(desk.at("state/runsheet/runs"));
            assert_eq!(runs.map_or(0, Iterator::count), 0, "{said}");
            if said.err.contains("the value of `V` does not fit") {
                count.refused += places.len();
                return;
            }
            let names = |id: &str| said.err.contains(&format!("because: step {id}: "));
            let refusing = places.iter().position(|(id, _)| names(id));
            let refusing =
                refusing.unwrap_or_else(|| panic!("{value:?}: no place is named: {said}"));
            places.remove(refusing);
            count.refused += 1;
            continue;
        }
        let (refused, started) = desk.ways(&said);
        let end = places.iter().position(|(id, _)| refused.contains_key(*id));
        let tried = end.unwrap_or(places.len());
        assert_eq!(
            said.code,
            if end.is_some() { 4 } else { 0 },
            "{value:?}: {said}"
        );
        for (place, _) in places.drain(..tried) {
            match desk.arrived(place, value, &calls) {
                Err(wrong) => count.wrong.push(wrong),
                Ok(true) => {
                    count.arrived += 1;
                    *count.at.entry(place).or_default() += 1;
                }
                // What cannot be asked says why in the place of an answer.
                Ok(false) if place == "port" => count.refused += 1,
                Ok(false) => count
                    .wrong
                    .push(format!("{place}: {value:?} did not arrive\n{said}")),
            }
        }
        if !places.is_empty() {
            let (place, _) = places.remove(0);
            let why = &refused[place];
            assert!(!started.contains(place) && !why.is_empty(), "{said}");
            assert_eq!(desk.arrived(place, value, &calls), Ok(false), "{said}");
            count.refused += 1;
        }
    }
}

#[test]
fn what_arrives_arrives_byte_for_byte_and_the_rest_is_refused_before_anything_starts() {
    let values = values();
    let count = std::sync::Mutex::new(Count::default());
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(value) =
                    values.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    let mut mine = Count::default();
                    everywhere("\"local\"", value, &mut mine);
                    let mut all = count.lock().unwrap();
                    all.arrived += mine.arrived;
                    all.refused += mine.refused;
                    all.wrong.append(&mut mine.wrong);
                    for (place, times) in mine.at {
                        *all.at.entry(place).or_default() += times;
                    }
                }
            });
        }
    });
    let count = count.into_inner().unwrap();
    assert!(count.wrong.is_empty(), "{:#?}", count.wrong);
    for (place, _) in PLACES {
        let times = count.at.get(place).copied().unwrap_or_default();
        assert!(
            times > 0 || place == "port",
            "nothing ever arrived in {place}"
        );
    }
    told(
        "odd values in every place",
        &format!(
            "{} values in {} places: {} arrived byte for byte, {} refused before anything started, 0 otherwise",
            values.len(),
            PLACES.len(),
            count.arrived,
            count.refused,
        ),
    );
}
