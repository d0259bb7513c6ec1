//! A program's colours on a terminal that has fewer of them.

use ratatui::style::Color;

use super::Depth;

/// The sixteen as xterm has them; themes differ, and keep their order.
const SIXTEEN: [(Color, [u8; 3]); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [205, 0, 0]),
    (Color::Green, [0, 205, 0]),
    (Color::Yellow, [205, 205, 0]),
    (Color::Blue, [0, 0, 238]),
    (Color::Magenta, [205, 0, 205]),
    (Color::Cyan, [0, 205, 205]),
    (Color::Gray, [229, 229, 229]),
    (Color::DarkGray, [127, 127, 127]),
    (Color::LightRed, [255, 0, 0]),
    (Color::LightGreen, [0, 255, 0]),
    (Color::LightYellow, [255, 255, 0]),
    (Color::LightBlue, [92, 92, 255]),
    (Color::LightMagenta, [255, 0, 255]),
    (Color::LightCyan, [0, 255, 255]),
    (Color::White, [255, 255, 255]),
];

/// The steps of a part of a colour in the palette's cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The colour itself where the terminal has it, else the nearest that it has; none for the terminal's own.
pub(super) fn shown(colour: vt100::Color, depth: Depth) -> Option<Color> {
    Some(match (colour, depth) {
        (vt100::Color::Default, _) => return None,
        (vt100::Color::Idx(index), Depth::Palette | Depth::Any) => Color::Indexed(index),
        (vt100::Color::Idx(index), Depth::Sixteen) => match SIXTEEN.get(usize::from(index)) {
            Some((own, _)) => *own,
            None => of_the_sixteen(of_the_palette(index)),
        },
        (vt100::Color::Rgb(red, green, blue), Depth::Any) => Color::Rgb(red, green, blue),
        (vt100::Color::Rgb(red, green, blue), Depth::Palette) => {
            let wanted = [red, green, blue];
            let all = 16..=255_u8;
            let near = all.min_by_key(|index| apart(of_the_palette(*index), wanted));
            Color::Indexed(near.unwrap_or(15))
        }
        (vt100::Color::Rgb(red, green, blue), Depth::Sixteen) => of_the_sixteen([red, green, blue]),
    })
}

/// What a colour of the palette from 16 on is made of: a cube of six steps, then 24 greys.
fn of_the_palette(index: u8) -> [u8; 3] {
    match index.saturating_sub(16) {
        cube @ 0..216 => {
            let step = |part: u8| STEPS.get(usize::from(part % 6)).copied().unwrap_or(0);
            [step(cube / 36), step(cube / 6), step(cube)]
        }
        grey => [8 + 10 * (grey - 216); 3],
    }
}

fn of_the_sixteen(wanted: [u8; 3]) -> Color {
    let near = SIXTEEN.iter().min_by_key(|(_, own)| apart(*own, wanted));
    near.map_or(Color::Gray, |(own, _)| *own)
}

fn apart(one: [u8; 3], other: [u8; 3]) -> u32 {
    let parts = one.into_iter().zip(other);
    parts.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_becomes_the_nearest_that_the_terminal_has() {
        let orange = vt100::Color::Rgb(255, 136, 0);
        assert_eq!(shown(orange, Depth::Any), Some(Color::Rgb(255, 136, 0)));
        assert_eq!(shown(orange, Depth::Palette), Some(Color::Indexed(208)));
        assert_eq!(
            shown(vt100::Color::Rgb(250, 10, 10), Depth::Sixteen),
            Some(Color::LightRed)
        );
        assert_eq!(
            shown(vt100::Color::Idx(208), Depth::Palette),
            Some(Color::Indexed(208))
        );
        assert_eq!(
            shown(vt100::Color::Idx(1), Depth::Sixteen),
            Some(Color::Red)
        );
        assert_eq!(shown(vt100::Color::Default, Depth::Any), None);
    }

    #[test]
    fn every_colour_of_the_palette_has_one_of_the_sixteen() {
        let known = |colour| SIXTEEN.iter().any(|(own, _)| *own == colour);
        for index in 0..=255 {
            assert!(
                known(shown(vt100::Color::Idx(index), Depth::Sixteen).unwrap()),
                "{index}"
            );
        }
        assert_eq!(of_the_palette(255), [238, 238, 238]);
        assert_eq!(of_the_palette(231), [255, 255, 255]);
    }
}
