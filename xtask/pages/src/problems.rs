//! Pages of the validator's codes.

use heddle_model::diagnostic::{CodeInfo, Severity, catalogue};

use crate::Pages;

pub(crate) fn pages() -> Pages {
    catalogue().iter().map(|info| (format!("{}.md", info.code.as_str()), page(info))).collect()
}

fn page(info: &CodeInfo) -> String {
    let (en, zh) = severity(info);
    format!(
        "# {}: {}\n\n\
         {}\n\n> {}\n\n{}\n\n**How to mend it.** {}\n\n\
         ## {}\n\n{}\n\n> {}\n\n{}\n\n**如何修正。** {}\n\n\
         [All errors](README.md)\n",
        info.code.as_str(),
        info.title.en,
        en,
        info.message.en,
        info.explanation.en,
        info.mend.en,
        info.title.zh,
        zh,
        info.message.zh,
        info.explanation.zh,
        info.mend.zh,
    )
}

fn severity(info: &CodeInfo) -> (&'static str, &'static str) {
    match info.code.severity() {
        Severity::Error => ("Error", "错误"),
        Severity::Warning => ("Warning", "警告"),
        Severity::Hint => ("Hint", "提示"),
    }
}

pub(crate) fn table() -> String {
    let mut table = "| code | | | |\n| --- | --- | --- | --- |\n".to_owned();
    for info in catalogue() {
        let code = info.code.as_str();
        table.push_str(&format!(
            "| [{code}]({code}.md) | {} | {} | {} |\n",
            severity(info).0,
            info.title.en,
            info.title.zh
        ));
    }
    table
}
