/** Style of the HTML report: one quiet column, tabular figures, light and dark by the reader's choice. */

export const REPORT_STYLE = `
:root{--ink:#1f2328;--soft:#626a75;--line:#e3e6ea;--paper:#fafaf8;--card:#fff;--kept:#00785a;--none:#6b7280;--close:#9a6700;--fail:#b84a00;--proof:#005f94;--add:#e6f5ec;--del:#fbe9e4}
@media (prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#9aa3ad;--line:#2c3138;--paper:#0f1114;--card:#15181c;--kept:#2fc79a;--none:#8b949e;--close:#e6a01e;--fail:#f0803c;--proof:#5ab4ec;--add:#12301f;--del:#3a1d16}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:62rem;margin:0 auto;padding:3rem 1.5rem 4rem}
header{margin-bottom:2rem}
.name{margin:0 0 .9rem;font-weight:600;letter-spacing:.01em;color:var(--soft)}
.name>span:first-child{opacity:.5;margin:0 .15em}
.state{margin-left:.9em;padding:.12em .65em;border:1px solid var(--line);border-radius:1em;font-size:.8rem;font-weight:500}
.state.running,.state.promoting,.state.calibrating{color:var(--proof);border-color:currentColor}
.state.paused,.state.interrupted{color:var(--close);border-color:currentColor}
h1{margin:0;max-width:40ch;font-size:clamp(1.45rem,3.6vw,2.15rem);line-height:1.25;font-weight:650;letter-spacing:-.015em;text-wrap:balance;font-variant-numeric:tabular-nums}
h1.proven{color:var(--kept)}
h1.pending{color:var(--soft)}
.when,.note{color:var(--soft);font-size:.9rem}
.when{margin:.9rem 0 0}
.note{margin:.2rem 0 .7rem;max-width:75ch}
h2{margin:2.6rem 0 .5rem;font-size:1.12rem;font-weight:650;letter-spacing:-.005em}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.4rem,1fr));gap:1px;margin:0 0 1.5rem;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.tiles div{padding:.8rem 1rem;background:var(--card)}
dt{font-size:.78rem;color:var(--soft)}
dd{margin:.1rem 0 0;font-weight:600;font-size:.98rem;font-variant-numeric:tabular-nums}
.card{margin:0;padding:1rem .9rem .5rem;background:var(--card);border:1px solid var(--line);border-radius:10px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .9rem .45rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500;font-size:.8rem;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
.number{text-align:right;white-space:nowrap}
ul{margin:.4rem 0;padding-left:1.1rem;font-size:.93rem}
li{margin:.2rem 0;overflow-wrap:anywhere}
code,pre,.id{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
a{color:var(--proof);text-decoration:none}
a:hover{text-decoration:underline}
.commands{display:grid;grid-template-columns:auto 1fr;gap:.45rem 1.2rem;align-items:baseline;padding:.9rem 1.1rem;background:var(--card);border:1px solid var(--line);border-radius:10px}
.commands span{color:var(--soft);font-size:.88rem}
details{border-bottom:1px solid var(--line)}
summary{display:grid;grid-template-columns:3.2rem 10.5rem 1fr auto;gap:.6rem;align-items:baseline;padding:.5rem 0;cursor:pointer;list-style:none;font-size:.93rem}
summary::-webkit-details-marker{display:none}
summary:hover .title{text-decoration:underline;text-underline-offset:3px;text-decoration-thickness:1px}
.id{color:var(--soft)}
.title{min-width:0;overflow-wrap:anywhere}
.badge{font-size:.82rem;color:var(--none)}
.kept .badge{color:var(--kept);font-weight:600}
.inconclusive .badge{color:var(--close)}
.failed .badge{color:var(--fail)}
.open .badge{color:var(--proof)}
.gain{font-variant-numeric:tabular-nums;color:var(--soft)}
.kept .gain{color:var(--kept);font-weight:600}
.inside{padding:.1rem 0 1.2rem 3.8rem}
.inside p{margin:.3rem 0;max-width:75ch;overflow-wrap:anywhere}
pre{margin:.8rem 0 0;padding:.8rem 1rem;overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px;line-height:1.45;max-height:32rem}
.diff .add{background:var(--add)}
.diff .del{background:var(--del)}
.diff .meta{color:var(--soft)}
footer{margin-top:3rem;color:var(--soft);font-size:.85rem}
@media (max-width:40rem){main{padding:1.5rem 1rem 3rem}summary{grid-template-columns:2.6rem 1fr auto}.title{grid-column:1/-1;grid-row:2}.inside{padding-left:0}.commands{grid-template-columns:1fr}}
@media print{body{background:#fff}.scroll{overflow:visible}details{break-inside:avoid}}
`.trim();
