//! Terminals that show less than most.

use super::home::{Home, RUN, makes};
use super::tty::Tty;

/// Walks a step and the way to its end, with variables of its own; gives every screen on the way.
fn walk(own: &[(&str, &str)]) -> (Tty, Vec<String>) {
    let home = Home::with(&[makes("first")]);
    let tty = Tty::on(&home, &RUN, own);
    let mut screens = Vec::new();
    let mut seen = |what: &str| screens.push(tty.wait_for(what).screen());
    seen("Enter says yes to exactly this");
    tty.yes();
    seen("1 step: 1 proved");
    tty.keys(&["t"]);
    seen("said yes");
    tty.keys(&["?"]);
    seen("its turn has not come");
    tty.keys(&["\u{1b}", "\u{4}"]);
    seen("come back with");
    (tty, screens)
}

#[test]
fn a_linux_console_gets_signs_of_its_font_and_no_title() {
    let (tty, screens) = walk(&[("TERM", "linux")]);
    for screen in screens {
        assert!(screen.is_ascii(), "{screen}");
    }
    assert_eq!(tty.titles(), 0);
    // A terminal of sixteen colours may take the numbers of others for attributes, and blink.
    assert!(tty.coloured() > 0);
    assert_eq!(tty.by_number(), 0);
    assert!(tty.left().is_empty(), "{:?}", tty.left());
}

#[test]
fn a_locale_without_unicode_gets_none() {
    let (tty, screens) = walk(&[("LC_ALL", ""), ("LANG", "C")]);
    for screen in screens {
        assert!(screen.is_ascii(), "{screen}");
    }
    assert!(tty.titles() > 0, "the control: this terminal has a title");
    assert!(
        tty.by_number() > 0,
        "the control: this terminal has a palette"
    );
}

#[test]
fn no_color_is_none() {
    let (tty, screens) = walk(&[("NO_COLOR", "1")]);
    assert!(screens[0].contains('▶'), "{}", screens[0]);
    assert_eq!(tty.coloured(), 0);
    let (tty, _) = walk(&[]);
    assert!(tty.coloured() > 0, "the control");
}
