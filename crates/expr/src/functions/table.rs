//! The list of functions: names, forms, how many arguments, and what they do in both languages.

use super::Form;

/// One function that an expression may call.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Function {
    /// Its name, with the namespace: `size`, `math.round`.
    pub name: &'static str,
    /// How it is called.
    pub form: Form,
    /// Fewest arguments, the receiver not counted.
    pub min: usize,
    /// Most arguments, the receiver not counted.
    pub max: usize,
    /// How it is written.
    pub usage: &'static str,
    /// What it gives, in English.
    pub doc_en: &'static str,
    /// What it gives, in 中文.
    pub doc_zh: &'static str,
}

const fn row(
    name: &'static str,
    form: Form,
    (min, max): (usize, usize),
    usage: &'static str,
    docs: [&'static str; 2],
) -> Function {
    Function { name, form, min, max, usage, doc_en: docs[0], doc_zh: docs[1] }
}

/// Every function that an expression may call.
#[rustfmt::skip]
pub const FUNCTIONS: &[Function] = &[
    row("has", Form::Function, (1, 1), "has(order.note)", ["whether the name or field exists", "名称或字段是否存在"]),
    row("default", Form::Function, (2, 2), "default(order.note, \"\")", ["the field where it exists, else the second value", "字段存在则取其值，否则取第二个值"]),
    row("now", Form::Function, (0, 0), "now()", ["the time of this step, fixed during the evaluation", "本步骤的时间，计算期间不变"]),
    row("active", Form::Function, (1, 1), "active(\"approve\")", ["in a guard: whether the node of this id is at work", "用于守卫：该标识的节点是否正在执行"]),
    row("completed", Form::Function, (1, 1), "completed(\"approve\")", ["in a guard: how often the node of this id has completed", "用于守卫：该标识的节点已完成的次数"]),
    row("tokens", Form::Function, (1, 1), "tokens(\"a->b\")", ["in a guard: how many tokens wait on the edge of this id", "用于守卫：该标识的连线上等待的令牌数"]),
    row("size", Form::Function, (1, 1), "size(items)", ["characters of a text, elements of a list, keys of a map", "文本的字符数、列表的元素数、映射的键数"]),
    row("size", Form::Method, (0, 0), "items.size()", ["characters of a text, elements of a list, keys of a map", "文本的字符数、列表的元素数、映射的键数"]),
    row("int", Form::Function, (1, 1), "int(\"42\")", ["a whole number of a text or number", "转换为整数"]),
    row("uint", Form::Function, (1, 1), "uint(42)", ["an unsigned whole number", "转换为无符号整数"]),
    row("double", Form::Function, (1, 1), "double(\"1.5\")", ["a number with a fraction", "转换为小数"]),
    row("string", Form::Function, (1, 1), "string(42)", ["the text of a scalar", "转换为文本"]),
    row("bool", Form::Function, (1, 1), "bool(\"true\")", ["true or false of a text", "转换为布尔值"]),
    row("bytes", Form::Function, (1, 1), "bytes(\"a\")", ["the UTF-8 bytes of a text", "文本的 UTF-8 字节"]),
    row("type", Form::Function, (1, 1), "type(x)", ["the type of a value", "值的类型"]),
    row("dyn", Form::Function, (1, 1), "dyn(x)", ["the value itself", "值本身"]),
    row("timestamp", Form::Function, (1, 1), "timestamp(\"2026-11-22T08:00:00Z\")", ["a time of an RFC 3339 text or of Unix seconds", "由 RFC 3339 文本或 Unix 秒得到时间"]),
    row("duration", Form::Function, (1, 1), "duration(\"1h30m\")", ["a length of time", "时长"]),
    row("getFullYear", Form::Method, (0, 1), "time.getFullYear()", ["the year (of a time zone)", "年份（可指定时区）"]),
    row("getMonth", Form::Method, (0, 1), "time.getMonth()", ["the month from 0", "月份，从 0 开始"]),
    row("getDate", Form::Method, (0, 1), "time.getDate()", ["the day of the month from 1", "一月中的第几天，从 1 开始"]),
    row("getDayOfMonth", Form::Method, (0, 1), "time.getDayOfMonth()", ["the day of the month from 0", "一月中的第几天，从 0 开始"]),
    row("getDayOfWeek", Form::Method, (0, 1), "time.getDayOfWeek()", ["the day of the week, Sunday is 0", "星期几，星期日为 0"]),
    row("getDayOfYear", Form::Method, (0, 1), "time.getDayOfYear()", ["the day of the year from 0", "一年中的第几天，从 0 开始"]),
    row("getHours", Form::Method, (0, 1), "time.getHours()", ["hours of a time or of a duration", "小时"]),
    row("getMinutes", Form::Method, (0, 1), "time.getMinutes()", ["minutes of a time or of a duration", "分钟"]),
    row("getSeconds", Form::Method, (0, 1), "time.getSeconds()", ["seconds of a time or of a duration", "秒"]),
    row("getMilliseconds", Form::Method, (0, 1), "time.getMilliseconds()", ["milliseconds", "毫秒"]),
    row("contains", Form::Method, (1, 1), "text.contains(\"a\")", ["whether the text has a part", "文本是否包含"]),
    row("startsWith", Form::Method, (1, 1), "text.startsWith(\"a\")", ["whether the text begins so", "文本是否以此开头"]),
    row("endsWith", Form::Method, (1, 1), "text.endsWith(\"a\")", ["whether the text ends so", "文本是否以此结尾"]),
    row("matches", Form::Method, (1, 1), "text.matches(\"^[a-z]+$\")", ["whether a regular expression is found in the text", "文本是否匹配正则表达式"]),
    row("matches", Form::Function, (2, 2), "matches(text, \"^[a-z]+$\")", ["whether a regular expression is found in the text", "文本是否匹配正则表达式"]),
    row("charAt", Form::Method, (1, 1), "text.charAt(0)", ["the character at a place", "某位置的字符"]),
    row("indexOf", Form::Method, (1, 2), "text.indexOf(\"a\")", ["where a part first stands, or -1", "首次出现的位置，没有则为 -1"]),
    row("lastIndexOf", Form::Method, (1, 1), "text.lastIndexOf(\"a\")", ["where a part last stands, or -1", "最后出现的位置，没有则为 -1"]),
    row("lowerAscii", Form::Method, (0, 0), "text.lowerAscii()", ["A-Z in lower case", "A-Z 转为小写"]),
    row("upperAscii", Form::Method, (0, 0), "text.upperAscii()", ["a-z in upper case", "a-z 转为大写"]),
    row("replace", Form::Method, (2, 2), "text.replace(\"a\", \"b\")", ["every part replaced", "替换所有出现"]),
    row("split", Form::Method, (1, 1), "text.split(\",\")", ["the parts between a separator", "按分隔符拆分"]),
    row("substring", Form::Method, (1, 2), "text.substring(0, 3)", ["the characters from a place up to another", "截取文本"]),
    row("trim", Form::Method, (0, 0), "text.trim()", ["without blanks at the ends", "去除两端空白"]),
    row("join", Form::Method, (0, 1), "list.join(\", \")", ["the texts of a list joined", "连接列表中的文本"]),
    row("reverse", Form::Method, (0, 0), "list.reverse()", ["a list or text from its end", "反转列表或文本"]),
    row("map", Form::Method, (2, 3), "list.map(x, x * 2)", ["each element turned into another", "转换每个元素"]),
    row("filter", Form::Method, (2, 2), "list.filter(x, x > 0)", ["the elements for which it is true", "筛选元素"]),
    row("all", Form::Method, (2, 2), "list.all(x, x > 0)", ["whether it is true of all elements", "是否全部满足"]),
    row("exists", Form::Method, (2, 2), "list.exists(x, x > 0)", ["whether it is true of some element", "是否存在满足的元素"]),
    row("exists_one", Form::Method, (2, 2), "list.exists_one(x, x > 0)", ["whether it is true of exactly one element", "是否恰有一个满足"]),
    row("existsOne", Form::Method, (2, 2), "list.existsOne(x, x > 0)", ["whether it is true of exactly one element", "是否恰有一个满足"]),
    row("slice", Form::Method, (2, 2), "list.slice(0, 3)", ["the elements from a place up to another", "截取列表"]),
    row("flatten", Form::Method, (0, 0), "list.flatten()", ["lists within a list, one level", "展开一层嵌套列表"]),
    row("distinct", Form::Method, (0, 0), "list.distinct()", ["each element once", "去重"]),
    row("sort", Form::Method, (0, 0), "list.sort()", ["numbers or texts in order", "排序"]),
    row("sum", Form::Method, (0, 0), "list.sum()", ["the sum of numbers; 0 of an empty list", "数字之和，空列表为 0"]),
    row("keys", Form::Method, (0, 0), "map.keys()", ["the keys of a map, in order", "映射的键，按顺序"]),
    row("lists.range", Form::Function, (1, 1), "lists.range(3)", ["the numbers from 0, such as [0, 1, 2]", "从 0 开始的数字列表"]),
    row("math.greatest", Form::Function, (1, 9), "math.greatest(a, b)", ["the greatest of numbers", "最大值"]),
    row("math.least", Form::Function, (1, 9), "math.least(a, b)", ["the least of numbers", "最小值"]),
    row("math.ceil", Form::Function, (1, 1), "math.ceil(1.2)", ["rounded up", "向上取整"]),
    row("math.floor", Form::Function, (1, 1), "math.floor(1.8)", ["rounded down", "向下取整"]),
    row("math.round", Form::Function, (1, 1), "math.round(1.5)", ["rounded to the nearest", "四舍五入"]),
    row("math.trunc", Form::Function, (1, 1), "math.trunc(1.8)", ["without the fraction", "截断小数"]),
    row("math.abs", Form::Function, (1, 1), "math.abs(-1)", ["without the sign", "绝对值"]),
    row("math.sign", Form::Function, (1, 1), "math.sign(-2)", ["-1, 0 or 1", "符号"]),
    row("math.sqrt", Form::Function, (1, 1), "math.sqrt(4)", ["the square root", "平方根"]),
    row("math.isNaN", Form::Function, (1, 1), "math.isNaN(x)", ["whether it is not a number", "是否非数字"]),
    row("math.isInf", Form::Function, (1, 1), "math.isInf(x)", ["whether it is infinite", "是否无穷"]),
    row("math.isFinite", Form::Function, (1, 1), "math.isFinite(x)", ["whether it is finite", "是否有限"]),
    row("math.bitAnd", Form::Function, (2, 2), "math.bitAnd(a, b)", ["bitwise and", "按位与"]),
    row("math.bitOr", Form::Function, (2, 2), "math.bitOr(a, b)", ["bitwise or", "按位或"]),
    row("math.bitXor", Form::Function, (2, 2), "math.bitXor(a, b)", ["bitwise exclusive or", "按位异或"]),
    row("math.bitNot", Form::Function, (1, 1), "math.bitNot(a)", ["bitwise not", "按位取反"]),
    row("math.bitShiftLeft", Form::Function, (2, 2), "math.bitShiftLeft(a, 1)", ["bits moved left", "左移"]),
    row("math.bitShiftRight", Form::Function, (2, 2), "math.bitShiftRight(a, 1)", ["bits moved right", "右移"]),
    row("optional.of", Form::Function, (1, 1), "optional.of(x)", ["an optional with a value", "有值的可选项"]),
    row("optional.none", Form::Function, (0, 0), "optional.none()", ["an optional without a value", "空的可选项"]),
    row("optional.ofNonZeroValue", Form::Function, (1, 1), "optional.ofNonZeroValue(x)", ["an optional, empty for zero values", "零值为空的可选项"]),
    row("hasValue", Form::Method, (0, 0), "a.?b.hasValue()", ["whether an optional has a value", "可选项是否有值"]),
    row("value", Form::Method, (0, 0), "a.?b.value()", ["the value of an optional", "可选项的值"]),
    row("or", Form::Method, (1, 1), "a.?b.or(c.?d)", ["the first optional that has a value", "第一个有值的可选项"]),
    row("orValue", Form::Method, (1, 1), "a.?b.orValue(0)", ["the value of an optional, or another", "可选项的值，否则取另一个"]),
];
