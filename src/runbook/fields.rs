//! Reads the values of a table: strings, numbers, lengths of time, lists and tables.

use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::duration;
use super::table::{Item, Need, Reader, Table, Text};

impl Reader {
    pub(super) fn string(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        need: Need,
    ) -> Option<Text> {
        let item = table.take(key);
        if item.is_none() && need == Need::Required {
            table.must_have(key);
        }
        self.as_string(key, item?.value)
    }

    pub(super) fn as_string(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Option<Text> {
        let span = value.span();
        match value.into_inner() {
            DeValue::String(text) => Some(Spanned::new(span, text.into_owned())),
            other => {
                self.wrong_type(key, &Spanned::new(span, other), "a string");
                None
            }
        }
    }

    /// A string, or a whole number as its digits: what a parameter's value may be written as.
    pub(super) fn scalar(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Option<Text> {
        match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => {
                Some(Spanned::new(value.span(), number.as_str().to_owned()))
            }
            DeValue::String(_) => self.as_string(key, value),
            _ => {
                self.wrong_type(key, &value, "a string or a whole number");
                None
            }
        }
    }

    /// A string of one line with something in it.
    pub(super) fn line(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        need: Need,
    ) -> Option<Text> {
        let text = self.string(table, key, need)?;
        if text.get_ref().trim().is_empty() {
            self.error(text.span(), format!("`{key}` is empty"));
            return None;
        }
        if text.get_ref().chars().any(char::is_control) {
            self.error(text.span(), format!("`{key}` must be a single line"));
            return None;
        }
        Some(text)
    }

    pub(super) fn boolean(&mut self, table: &mut Table<'_>, key: &'static str) -> Option<bool> {
        self.placed_boolean(table, key).map(Spanned::into_inner)
    }

    pub(super) fn placed_boolean(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
    ) -> Option<Spanned<bool>> {
        let value = table.take(key)?.value;
        let answer = value.get_ref().as_bool();
        if answer.is_none() {
            self.wrong_type(key, &value, "true or false");
        }
        answer.map(|answer| Spanned::new(value.span(), answer))
    }

    /// A whole number within a range, with its place.
    pub(super) fn number(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let value = table.take(key)?.value;
        self.as_number(key, value, range)
    }

    pub(super) fn as_number(
        &mut self,
        key: &str,
        value: Spanned<DeValue<'_>>,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let Some(digits) = value.get_ref().as_integer() else {
            self.wrong_type(key, &value, "a whole number");
            return None;
        };
        let number = u32::from_str_radix(digits.as_str(), digits.radix())
            .ok()
            .filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            self.error(value.span(), format!("`{key}` must be {low} to {high}"));
        }
        number
    }

    pub(super) fn duration(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
    ) -> Option<Spanned<Duration>> {
        let text = self.string(table, key, Need::Optional)?;
        match duration::read(text.get_ref()) {
            Ok(duration) => Some(Spanned::new(text.span(), duration)),
            Err(error) => {
                self.error(text.span(), format!("`{key}`: {error}")).hint =
                    Some("write it as `10s`, `4m` or `1h 30m`".to_owned());
                None
            }
        }
    }

    /// A list of strings; none where the key is absent or not a list.
    pub(super) fn strings(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
    ) -> Option<Spanned<Vec<Text>>> {
        let value = table.take(key)?.value;
        self.as_strings(key, value, "a list of strings")
    }

    /// One string, or a list of them.
    pub(super) fn one_or_more(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
    ) -> Option<Spanned<Vec<Text>>> {
        let value = table.take(key)?.value;
        let span = value.span();
        if value.get_ref().is_str() {
            let text = self.as_string(key, value)?;
            return Some(Spanned::new(span, vec![text]));
        }
        self.as_strings(key, value, "a string or a list of strings")
    }

    pub(super) fn as_strings(
        &mut self,
        key: &str,
        value: Spanned<DeValue<'_>>,
        wanted: &str,
    ) -> Option<Spanned<Vec<Text>>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => {
                let texts = items
                    .into_iter()
                    .filter_map(|item| self.as_string(key, item))
                    .collect();
                Some(Spanned::new(span, texts))
            }
            other => {
                self.wrong_type(key, &Spanned::new(span, other), wanted);
                None
            }
        }
    }

    pub(super) fn table<'i>(
        &mut self,
        key: &str,
        what: &'static str,
        value: Spanned<DeValue<'i>>,
    ) -> Option<Table<'i>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(items) => Some(Table::new(what, span, items)),
            other => {
                self.wrong_type(key, &Spanned::new(span, other), "a table");
                None
            }
        }
    }

    /// The tables of an array of tables, such as `[[step]]`; empty where the key is absent.
    pub(super) fn tables<'i>(
        &mut self,
        table: &mut Table<'i>,
        key: &'static str,
        what: &'static str,
    ) -> Vec<Table<'i>> {
        let Some(Item { value, .. }) = table.take(key) else {
            return Vec::new();
        };
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => items
                .into_iter()
                .filter_map(|item| self.table(key, what, item))
                .collect(),
            other => {
                let value = Spanned::new(span, other);
                self.wrong_type(key, &value, "a list of tables").hint =
                    Some(format!("write `[[{key}]]` before each"));
                // What it says is still read, so that nothing seems to be missing that is there.
                match value.get_ref() {
                    DeValue::Table(_) => self.table(key, what, value).into_iter().collect(),
                    _ => Vec::new(),
                }
            }
        }
    }
}
