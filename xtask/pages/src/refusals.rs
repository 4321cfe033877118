//! Pages of the API's error codes.

use heddle_api::error::ErrorCode;

use crate::Pages;

pub(crate) fn pages() -> Pages {
    ErrorCode::ALL.iter().map(|code| (format!("{code}.md"), page(*code))).collect()
}

fn page(code: ErrorCode) -> String {
    let ((title_en, title_zh), (help_en, help_zh)) = (code.title(), code.help());
    format!(
        "# {code}\n\n\
         HTTP status {}\n\n\
         **{title_en}.** {help_en}\n\n\
         **{title_zh}。** {help_zh}\n\n\
         [All errors](README.md)\n",
        code.status()
    )
}

pub(crate) fn table() -> String {
    let mut table = "| code | status | | |\n| --- | --- | --- | --- |\n".to_owned();
    for code in ErrorCode::ALL {
        let (en, zh) = code.title();
        table.push_str(&format!("| [{code}]({code}.md) | {} | {en} | {zh} |\n", code.status()));
    }
    table
}
