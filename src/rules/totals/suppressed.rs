//! Texts that are printed where a figure is held back, and what each can stand for.

use std::sync::Arc;

use crate::{
    decimal::{Decimal, Range},
    diagnostics::{At, Diagnostic, yaml::Entries},
};

/// Every text that a publication prints for a figure that it suppresses.
#[derive(Clone, Debug, Default)]
pub struct Suppressed(Vec<(String, Arc<Range>)>);

impl Suppressed {
    /// What `printed` can stand for.
    pub fn get(&self, printed: &str) -> Option<&Arc<Range>> {
        let mut texts = self.0.iter();
        texts.find_map(|(text, range)| (text == printed.trim()).then_some(range))
    }

    /// As a project declares it: each text with the least and the most that it can stand for, `null` for no bound.
    pub fn declared(
        texts: Entries<At<Vec<Option<At<Decimal>>>>>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let help = "write the least and the most that it can stand for, such as `[1, 4]`; `null` for no bound";
        let mut suppressed = Self::default();
        for (text, bounds) in texts.0 {
            if text.value.trim().is_empty() {
                let message = "a blank text cannot stand for a suppressed figure";
                diagnostics.push(Diagnostic::at(&text.span, message));
                continue;
            }
            if text.value.trim().parse::<Decimal>().is_ok() {
                let message = format!("`{}` is a figure itself", text.value);
                diagnostics
                    .push(Diagnostic::at(&text.span, message).help(
                        "name the text that is printed in place of one, such as `<5` or `*`",
                    ));
                continue;
            }
            let [least, most] = bounds.value.as_slice() else {
                let message = format!(
                    "`{}` needs two bounds, not {}",
                    text.value,
                    bounds.value.len()
                );
                diagnostics.push(Diagnostic::at(&bounds.span, message).help(help));
                continue;
            };
            let [least, most] = [least, most].map(|bound| bound.as_ref().map(|at| at.value));
            if least.zip(most).is_some_and(|(least, most)| least > most) {
                let message = format!(
                    "`{}` can stand for nothing: its least is above its most",
                    text.value
                );
                diagnostics.push(Diagnostic::at(&bounds.span, message).help(help));
                continue;
            }
            let range = Arc::new(Range { least, most });
            suppressed.0.push((text.value.trim().to_owned(), range));
        }
        suppressed
    }
}
