/**
 * Reads a number, boolean or string literal and writes another value in the same style.
 * Knows nothing of where the literal stands.
 */
export type KnobValue = number | boolean | string;

export type LiteralStyle =
  | {
      readonly kind: "number";
      /** The literal was written with a point or an exponent. */
      readonly float: boolean;
      readonly leadingDot: boolean;
      readonly underscores: boolean;
      /** Present for scientific notation: its letter, an explicit plus, and how many digits it is padded to. */
      readonly exponent?: { readonly letter: string; readonly plus: boolean; readonly digits: number };
    }
  | { readonly kind: "boolean"; readonly capital: boolean }
  | { readonly kind: "string"; readonly quote: string };

export interface Literal {
  readonly value: KnobValue;
  readonly style: LiteralStyle;
}

const DECIMAL = /^-?(?:(\d[\d_]*)(\.[\d_]*)?|(\.\d[\d_]*))(?:(e)(\+?)-?(\d+))?$/i;

/** The literal that `text` is, or undefined when it is none that can be rewritten (hexadecimal, `10n`, `f""`). */
export function parseLiteral(text: string): Literal | undefined {
  if (/^(?:true|false)$/i.test(text)) {
    const capital = text.startsWith("T") || text.startsWith("F");
    return { value: /^t/i.test(text), style: { kind: "boolean", capital } };
  }
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  if (quoted) return { value: quoted[2] ?? "", style: { kind: "string", quote: quoted[1] ?? "" } };
  return parseNumber(text);
}

function parseNumber(text: string): Literal | undefined {
  const parts = DECIMAL.exec(text);
  if (!parts) return undefined;
  const [, whole, point, dotted, letter, plus, digits] = parts;
  // 010 is octal in old JavaScript and an error in Python.
  if (whole !== undefined && /^0[\d_]/.test(whole)) return undefined;
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isFinite(value)) return undefined;
  const style = {
    kind: "number" as const,
    float: point !== undefined || dotted !== undefined || letter !== undefined,
    leadingDot: dotted !== undefined,
    underscores: text.includes("_"),
  };
  if (letter === undefined) return { value, style };
  return {
    value,
    style: { ...style, exponent: { letter, plus: plus === "+", digits: digits?.length ?? 1 } },
  };
}

/** `value` as source text. A number comes back exactly when it is read again. */
export function formatLiteral(value: KnobValue, style: LiteralStyle): string {
  if (typeof value === "number") return formatNumber(value, style);
  if (typeof value === "boolean") {
    const capital = style.kind === "boolean" && style.capital;
    if (capital) return value ? "True" : "False";
    return String(value);
  }
  const quote = style.kind === "string" ? style.quote : '"';
  // Only YAML has unquoted strings, and there a word may read as a number, a boolean or nothing.
  const needsQuote =
    quote === "" && !/^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z_][\w.+-]*$/i.test(value);
  const mark = needsQuote ? '"' : quote;
  return mark + value + mark;
}

function formatNumber(value: number, style: LiteralStyle): string {
  if (style.kind !== "number") return String(value);
  if (style.exponent && value !== 0) return scientific(value, style.exponent);
  const plain = withoutExponent(value);
  const dotted = style.float && !plain.includes(".") ? `${plain}.0` : plain;
  const short = style.leadingDot ? dotted.replace(/^(-?)0\./, "$1.") : dotted;
  if (!style.underscores) return short;
  return short.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(?:\d{3})+$)/g, "_"));
}

function scientific(value: number, style: { letter: string; plus: boolean; digits: number }): string {
  const [mantissa = "0", exponent = "0"] = value.toExponential().split("e");
  const sign = exponent.startsWith("-") ? "-" : style.plus ? "+" : "";
  return mantissa + style.letter + sign + exponent.replace(/^[+-]/, "").padStart(style.digits, "0");
}

function withoutExponent(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  if (Number(exponent) > 0) return BigInt(value).toString();
  const decimals = mantissa.replace(/^-?\d\.?/, "").length - Number(exponent);
  return value.toFixed(Math.min(100, decimals));
}
