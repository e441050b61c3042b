#ifndef NUQ_REPORT_HTML_STYLE_SHEET_HPP
#define NUQ_REPORT_HTML_STYLE_SHEET_HPP

#include <string_view>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// One column of text, one accent, the reader's own fonts; light, dark, print and telephones.
inline constexpr std::string_view style_sheet = R"(
:root{--paper:#fbfaf8;--card:#fff;--ink:#1d1f23;--quiet:#62666d;--line:#e3e0da;--faint:#efece6;--accent:#0f6b62;--soft:#cfe4e0;--bar:#dcebe8;--shade:#f4efe6}
@media(prefers-color-scheme:dark){:root{--paper:#15171a;--card:#1c1f23;--ink:#e8e6e1;--quiet:#9aa0a8;--line:#33373d;--faint:#272b30;--accent:#5cc4b6;--soft:#24504b;--bar:#21403d;--shade:#22211d}}
:root{color-scheme:light dark}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 24px}
header{padding-top:36px}
h1{font-size:26px;line-height:1.25;margin:4px 0 10px;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:18px;margin:44px 0 6px;font-weight:650}
h3{font-size:15px;margin:22px 0 6px;font-weight:650}
p{margin:6px 0 12px;max-width:76ch}
.brand{color:var(--accent);font-weight:650;letter-spacing:.02em}
.lead{font-size:17px;line-height:1.55}
.quiet,figcaption,.note{color:var(--quiet)}
.note,figcaption{font-size:13px;max-width:110ch}svg .visit{paint-order:stroke;stroke:var(--paper);stroke-width:3px}
bdi,code,td.reason,.warnings li{overflow-wrap:anywhere}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px;margin:8px 0;white-space:pre-wrap;overflow-wrap:anywhere}
.chip{display:inline-block;border:1px solid var(--line);border-radius:99px;padding:1px 11px;font-size:13px;color:var(--quiet);margin-left:8px}
.chip.good{background:var(--accent);border-color:var(--accent);color:var(--paper)}
.chip.bad{border:2px solid var(--ink);color:var(--ink)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;margin:20px 0}
.figure{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:11px 14px}
.figure b{display:block;font-size:21px;line-height:1.3;font-weight:650;letter-spacing:-.01em}
.figure span{color:var(--quiet);font-size:13px;display:block}
.warnings{border-left:3px solid var(--accent);background:var(--card);padding:8px 16px 8px 20px;margin:16px 0;border-radius:0 8px 8px 0}
.warnings ul{margin:4px 0;padding-left:18px}
figure{margin:10px 0 0}
svg{display:block;width:100%;height:auto;font-family:inherit}
svg text{fill:var(--quiet);font-size:12px}
svg .strong{fill:var(--ink);font-weight:600}
.narrow{display:none}
.axis{stroke:var(--line);fill:none}.grid{stroke:var(--faint);fill:none}
.path{stroke:var(--quiet);fill:none;stroke-dasharray:1 4;stroke-width:1.1;opacity:.6}
.front{stroke:var(--accent);fill:none;stroke-width:1.6;opacity:.75}
.limit{stroke:var(--ink);stroke-dasharray:5 4;fill:none}.origin{stroke:var(--quiet);fill:none}
.refusal{fill:var(--shade)}
.error{stroke:var(--quiet);opacity:.55;fill:none}
.pass{fill:var(--accent);stroke:var(--card);stroke-width:1.2}
.fail{fill:var(--card);stroke:var(--ink);stroke-width:1.5}
.guess{fill:none;stroke:var(--quiet);stroke-width:1.3;stroke-dasharray:2 2}
.answer{fill:none;stroke:var(--accent);stroke-width:2}
.weights{fill:var(--soft)}.levels{stroke:var(--accent);stroke-width:1.6;fill:none}.errors{stroke:var(--quiet);opacity:.5;fill:none}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;color:var(--quiet);margin:8px 0;padding:0;list-style:none}
.legend svg{display:inline-block;width:16px;height:14px;vertical-align:-2px;margin-right:5px}
.stack{display:flex;height:26px;border-radius:6px;overflow:hidden;background:var(--faint);margin:10px 0 6px}
.stack i{display:block;height:100%;border-right:1px solid var(--card)}
.key{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:7px;vertical-align:-1px}
.c0{background:var(--accent)}.c1{background:var(--accent);opacity:.62}.c2{background:var(--accent);opacity:.36}.c3{background:var(--quiet);opacity:.75}.c4{background:var(--quiet);opacity:.5}.c5{background:var(--quiet);opacity:.3}.c6{background:var(--quiet);opacity:.16}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th,td{padding:6px 10px;text-align:left;vertical-align:top;border-bottom:1px solid var(--faint)}
thead th{border-bottom:1px solid var(--line);font-weight:600;color:var(--quiet);font-size:12.5px;vertical-align:bottom}
td.n,th.n{text-align:right}
td.n,td.shape,li code{white-space:nowrap}.scroll{overflow-x:auto}
table.sortable thead th{cursor:pointer}
thead th[aria-sort]{color:var(--ink)}thead th[aria-sort=ascending]::after{content:" ↑"}thead th[aria-sort=descending]::after{content:" ↓"}
td.mark{background:linear-gradient(90deg,var(--bar) var(--v,0%),transparent 0) no-repeat 0 50%/100% 70%}
tr.chosen td{background-color:var(--shade)}
.small{font-size:12px;color:var(--quiet)}
.sizes{width:auto;min-width:min(100%,520px)}
.hash{font:11.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;color:var(--quiet);overflow-wrap:anywhere}
details{border-bottom:1px solid var(--faint)}
summary{cursor:pointer;padding:7px 2px;overflow-wrap:anywhere}
summary:focus-visible,th:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
details>div{padding:2px 0 18px}
td details{border:0}td summary{padding:0;color:var(--quiet)}
.layer{display:grid;grid-template-columns:minmax(0,540px) minmax(0,1fr);gap:10px 32px;align-items:start}
.levels-table{max-height:300px;overflow-y:auto;max-width:420px}
.levels-table table{font-size:12.5px}.levels-table td,.levels-table th{padding:2px 10px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:24px}.pair>*{min-width:0}.pair .wide{display:none}.pair .narrow{display:block;max-width:440px}
footer{color:var(--quiet);font-size:13px;padding-top:36px;padding-bottom:48px}
@media(max-width:760px){
main,header,footer{padding-left:16px;padding-right:16px}header{padding-top:22px}
h1{font-size:22px}.lead{font-size:16px}.figures{grid-template-columns:1fr 1fr;gap:8px}.figure{padding:10px 12px}.figure b{font-size:18px}
.wide{display:none}.narrow{display:block}.layer,.pair{grid-template-columns:minmax(0,1fr)}
table.cards thead{display:none}table.cards,table.cards tbody,table.cards tr,table.cards td{display:block}
table.cards tr{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);column-gap:20px;border:1px solid var(--line);border-radius:10px;background:var(--card);padding:6px 12px;margin:8px 0}
table.cards tr.chosen{background:var(--shade)}table.cards tr.chosen td{background-color:transparent}
table.cards td:first-child,table.cards td.reason,table.cards td.row{grid-column:1/-1}
table.cards td,table.cards td.n{display:flex;justify-content:space-between;gap:12px;text-align:right;white-space:normal;padding:4px 0;border-bottom:1px solid var(--faint)}
table.cards td::before{content:attr(data-label);color:var(--quiet);text-align:left;flex:none}
table.cards td:first-child{font-weight:600;justify-content:flex-start;text-align:left}table.cards td:first-child::before{display:none}table.cards td.visit::before{display:inline;color:inherit}
table.cards td:empty{display:none}
}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--quiet:#444;--line:#bbb;--faint:#ddd;--accent:#0f6b62;--soft:#cfe4e0;--bar:#dcebe8;--shade:#f3f0ea;color-scheme:light}
body{font-size:11px}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}main,header,footer{max-width:none;padding-left:0;padding-right:0}
h2{break-after:avoid}figure,tr,.figure,details[open]{break-inside:avoid}.levels-table{max-height:none}details::details-content{content-visibility:visible;display:block}}
)";

/// Sorts a table by the column that is clicked: by data-v where a cell has it. The page is complete without.
inline constexpr std::string_view sorting_script = R"(
document.querySelectorAll("table.sortable").forEach(function(table){
var body=table.tBodies[0],heads=table.tHead.rows[0].cells;
Array.prototype.forEach.call(heads,function(head,column){
head.tabIndex=0;
function sort(){
var down=head.getAttribute("aria-sort")!=="descending";
Array.prototype.forEach.call(heads,function(other){other.removeAttribute("aria-sort")});
head.setAttribute("aria-sort",down?"descending":"ascending");
var key=function(row){var cell=row.cells[column];return cell.hasAttribute("data-v")?cell.getAttribute("data-v"):cell.textContent};
Array.prototype.slice.call(body.rows).sort(function(a,b){
var x=key(a),y=key(b),n=parseFloat(x)-parseFloat(y);
return (isNaN(n)?x<y?-1:x>y?1:0:n)*(down?-1:1)}).forEach(function(row){body.appendChild(row)})}
head.addEventListener("click",sort);
head.addEventListener("keydown",function(event){if(event.key==="Enter"||event.key===" "){event.preventDefault();sort()}})})});
)";

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_REPORT_HTML_STYLE_SHEET_HPP
