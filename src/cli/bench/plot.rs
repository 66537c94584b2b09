//! Plots as SVG, readable on light and dark pages.

use std::fmt::Write as _;

/// One line of a plot with two logarithmic axes.
pub(super) struct Line<'a> {
    pub(super) title: &'a str,
    pub(super) unit: &'a str,
    pub(super) points: &'a [(usize, f64)],
}

const WIDTH: f64 = 720.0;
const ROW: f64 = 34.0;
const LEFT: f64 = 150.0;
const STYLE: &str = "<style>text{font:13px system-ui,sans-serif;fill:#555}@media(prefers-color-scheme:dark){text{fill:#bbb}}\
    .floor{fill:#9aa5b1}.ours{fill:#2f6fb2}.line{fill:none;stroke:#2f6fb2;stroke-width:2}.axis{stroke:#9aa5b1}</style>";

/// Two bars for each row, to one scale of its own: the bare floor's, and ours.
pub(super) fn bars(rows: &[(&str, f64, f64)]) -> String {
    let height = ROW * 1.5 * count(rows.len()) + 30.0;
    let mut svg = open(WIDTH, height);
    for (index, (name, floor, ours)) in rows.iter().enumerate() {
        let top = 20.0 + ROW * 1.5 * count(index);
        let scale = (WIDTH - LEFT - 130.0) / floor.max(*ours).max(f64::MIN_POSITIVE);
        text(&mut svg, 8.0, top + 20.0, name);
        for (offset, class, value, label) in
            [(0.0, "floor", floor, "bare fork"), (ROW / 2.0, "ours", ours, "sealed and verified")]
        {
            let y = top + offset;
            let width = (value * scale).max(1.0);
            // Writing to a String cannot fail.
            let _ = write!(
                svg,
                r#"<rect class="{class}" x="{LEFT:.1}" y="{y:.1}" width="{width:.1}" height="14" rx="2"><title>{label}</title></rect>"#
            );
            text(&mut svg, LEFT + width + 6.0, y + 12.0, &format!("{value:.2} ms"));
        }
    }
    svg + "</svg>\n"
}

/// One small plot for each line, side by side; both axes logarithmic, so that what is linear has a slope of one.
pub(super) fn lines(lines: &[Line<'_>]) -> String {
    const PLOT: f64 = 230.0;
    const COLUMNS: usize = 3;
    let rows = lines.len().div_ceil(COLUMNS);
    let mut svg = open(PLOT * count(COLUMNS) + 30.0, PLOT * count(rows));
    for (index, line) in lines.iter().enumerate() {
        let (left, top) = (50.0 + PLOT * count(index % COLUMNS), 30.0 + PLOT * count(index / COLUMNS));
        plot(&mut svg, line, left, top, PLOT - 80.0);
    }
    svg + "</svg>\n"
}

fn plot(svg: &mut String, line: &Line<'_>, left: f64, top: f64, size: f64) {
    let along = |x: usize| count(x).max(0.5).log10();
    let up = |y: f64| y.max(0.01).log10();
    let (first, last) = (line.points.first(), line.points.last());
    let (Some((first, _)), Some((last, _))) = (first, last) else { return };
    let (from, to) = (along(*first), along(*last));
    let low = line.points.iter().map(|(_, y)| up(*y)).fold(f64::INFINITY, f64::min).floor();
    let high = line.points.iter().map(|(_, y)| up(*y)).fold(f64::NEG_INFINITY, f64::max).ceil().max(low + 1.0);
    let at = |x: usize, y: f64| {
        (left + size * (along(x) - from) / (to - from).max(1e-9), top + size * (high - up(y)) / (high - low))
    };
    text(svg, left, top - 10.0, line.title);
    let _ = write!(
        svg,
        r#"<path class="axis" fill="none" d="M{left:.1} {top:.1}V{bottom:.1}H{right:.1}"/>"#,
        bottom = top + size,
        right = left + size
    );
    for (y, value) in [(top + 8.0, high), (top + size, low)] {
        text(svg, left - 42.0, y, &format!("{} ms", 10f64.powf(value)));
    }
    text(svg, left, top + size + 18.0, &first.to_string());
    text(svg, left + size - 40.0, top + size + 18.0, &format!("{last} {}", line.unit));
    let path: Vec<String> =
        line.points.iter().map(|(x, y)| at(*x, *y)).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let _ = write!(svg, r#"<path class="line" d="M{}"/>"#, path.join("L"));
    for (x, y) in line.points {
        let (cx, cy) = at(*x, *y);
        let _ = write!(
            svg,
            r#"<circle class="ours" cx="{cx:.1}" cy="{cy:.1}" r="3"><title>{x}: {y:.2} ms</title></circle>"#
        );
    }
}

fn open(width: f64, height: f64) -> String {
    format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" role="img">{STYLE}"#)
}

/// Our own words, without anything that XML would read.
fn text(svg: &mut String, x: f64, y: f64, text: &str) {
    let _ = write!(svg, r#"<text x="{x:.1}" y="{y:.1}">{text}</text>"#);
}

#[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_are_whole_and_finite() {
        let bars = bars(&[("tiny", 1.0, 0.7), ("none", 0.0, 0.0)]);
        let points = [(0, 0.5), (10, 0.5), (100, 20.0)];
        let lines = lines(&[
            Line { title: "items", unit: "items", points: &points },
            Line { title: "one", unit: "x", points: &points[..1] },
            Line { title: "none", unit: "x", points: &[] },
        ]);
        for svg in [bars, lines] {
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
