//! What names become in text, and what is refused.

use super::*;

fn values() -> Values {
    let mut values = Values::default();
    values.set_param(ParamName::new("ROOT").unwrap(), "/var/pryv".into());
    values.set_param(ParamName::new("EVIL").unwrap(), "-oProxyCommand=x".into());
    values.set_secret(ParamName::new("KEY").unwrap(), "s3cret".into());
    let host = HostName::new("dest").unwrap();
    let machine = Machine {
        address: "10.0.0.2".into(),
        user: "root".into(),
        port: 22,
        label: "core2".into(),
    };
    values.bind(host.clone(), MachineName::of(&host, 0), machine);
    values
}

fn fill(text: &str) -> Result<String, TemplateError> {
    Template::new(text)?.fill(&values())
}

#[test]
fn names_are_filled_in_and_docker_formats_are_named_as_what_they_are_not() {
    assert_eq!(
        fill("{{ROOT}}/x on {{dest.address}}").unwrap(),
        "/var/pryv/x on 10.0.0.2"
    );
    assert!(matches!(
        fill("{{.State.Running}}"),
        Err(TemplateError::NotAName(_))
    ));
    assert_eq!(fill("{{ROOT"), Err(TemplateError::Open));
}

#[test]
fn a_value_cannot_become_an_option() {
    assert!(matches!(
        fill("{{EVIL}}"),
        Err(TemplateError::Unsafe { .. })
    ));
    assert_eq!(fill("x{{EVIL}}").unwrap(), "x-oProxyCommand=x");
}

#[test]
fn a_secret_goes_into_shell_text_only_and_is_not_shown() {
    assert!(matches!(fill("{{KEY}}"), Err(TemplateError::Secret(_))));
    assert!(values().environment().iter().any(|(name, _)| name == "KEY"));
    assert!(
        values()
            .shown_environment()
            .iter()
            .all(|(name, _)| name != "KEY")
    );
}

#[test]
fn a_name_without_a_value_is_an_error_and_stays_as_it_is_in_a_plan() {
    let mut values = values();
    values.set_without(ParamName::new("WAY").unwrap(), "step a has not come".into());
    let text = Template::new("by {{ WAY }} to {{ROOT}}").unwrap();
    let said = text.fill(&values).unwrap_err().to_string();
    assert_eq!(said, "`WAY` has no value yet: step a has not come");
    assert_eq!(
        text.fill(&values.laying()).unwrap(),
        "by {{WAY}} to /var/pryv"
    );
    assert!(values.environment().iter().all(|(name, _)| name != "WAY"));
}

#[test]
fn an_unknown_name_gets_a_suggestion() {
    let said = fill("{{ROOF}}").unwrap_err().to_string();
    assert!(said.contains("did you mean `ROOT`?"), "{said}");
}

#[test]
fn the_names_of_a_host_are_those_of_all_its_machines_and_of_many_their_number() {
    let mut values = values();
    let host = HostName::new("register").unwrap();
    let mut bind = |number: u16| {
        let machine = Machine {
            address: "10.0.0.9".into(),
            user: String::new(),
            port: 22,
            label: format!("reg-{number}"),
        };
        values.bind(host.clone(), MachineName::of(&host, number), machine);
        let template = Template::new("{{register.names}}").unwrap();
        template.fill(&values).unwrap()
    };
    assert_eq!(bind(1), "reg-1");
    assert_eq!(bind(2), "reg-1, reg-2");
    assert_eq!(bind(3), "reg-1, reg-2, reg-3");
    assert_eq!(bind(4), "the 4 machines of register");
    assert!(fill("{{nobody.names}}").is_err());
}
