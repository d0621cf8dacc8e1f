import { describe, expect, it } from 'vitest';
import { appendAuthorHtml, appendHtml, safeStyle } from '../sanitize';

/** Classic and less classic ways to run code, to navigate or to reach out from HTML. */
const PAYLOADS = [
  '<script>alert(1)</script>',
  '<ScRiPt>alert(1)</sCrIpT>',
  '<script src=https://evil.example/x.js></script>',
  '<script type=module>import "https://evil.example/x.js"</script>',
  '<img src=x onerror=alert(1)>',
  '<img src="https://evil.example/x.png">',
  '<img srcset="https://evil.example/x.png 1x">',
  '<img src="javascript:alert(1)">',
  '<img/src="x"/onerror=alert(1)>',
  '<img src=`x`onerror=alert(1)>',
  '<image src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  '<svg><use href="https://evil.example/x.svg#a"/></svg>',
  '<svg><use xlink:href="data:image/svg+xml;base64,PHN2Zz4="/></svg>',
  '<svg><animate attributeName=href values=javascript:alert(1) /></svg>',
  '<svg><set attributeName=onload to=alert(1) /></svg>',
  '<svg><foreignObject><body onload=alert(1)></foreignObject></svg>',
  '<svg><image href="https://evil.example/x.png"/></svg>',
  '<svg><rect fill="url(https://evil.example/x.svg#a)"/></svg>',
  '<svg><style>@import "https://evil.example/x.css";</style></svg>',
  '<svg><title><style><img src="</style><img src=x onerror=alert(1)>"></style></title></svg>',
  '<math><mtext></mtext><mglyph><style></math><img src onerror=alert(1)>',
  '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
  '<math><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>',
  '<iframe src="https://evil.example"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<frameset><frame src="javascript:alert(1)"></frameset>',
  '<object data="https://evil.example/x.swf"></object>',
  '<embed src="javascript:alert(1)">',
  '<applet code="x"></applet>',
  '<base href="https://evil.example/">',
  '<link rel=stylesheet href="https://evil.example/x.css">',
  '<link rel=preconnect href="https://evil.example">',
  '<link rel=import href="https://evil.example">',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  '<meta http-equiv="Set-Cookie" content="a=b">',
  '<form action="https://evil.example"><input name=a></form>',
  '<form><button formaction="javascript:alert(1)">x</button></form>',
  '<input onfocus=alert(1) autofocus>',
  '<select autofocus onfocus=alert(1)></select>',
  '<textarea onfocus=alert(1) autofocus></textarea>',
  '<keygen autofocus onfocus=alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="JaVaScRiPt:alert(1)">x</a>',
  '<a href="java\tscript:alert(1)">x</a>',
  '<a href="&#106;avascript:alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="https://evil.example" ping="https://evil.example/ping" target=_top>x</a>',
  '<a href="vbscript:msgbox(1)">x</a>',
  '<body onload=alert(1)>',
  '<details open ontoggle=alert(1)>x</details>',
  '<marquee onstart=alert(1)>x</marquee>',
  '<video><source onerror=alert(1)></video>',
  '<video poster="https://evil.example/x.png"></video>',
  '<audio src="https://evil.example/x.mp3" onerror=alert(1)></audio>',
  '<table background="https://evil.example/x.png"><tr><td>x</td></tr></table>',
  '<div style="background:url(https://evil.example/x.png)">x</div>',
  '<div style="background:u\\72l(https://evil.example/x.png)">x</div>',
  '<div style="background:/**/url(https://evil.example/x.png)">x</div>',
  '<div style="background-image:image-set(\'https://evil.example/x.png\' 1x)">x</div>',
  '<div style="width:expression(alert(1))">x</div>',
  '<div style="-moz-binding:url(https://evil.example/x.xml#a)">x</div>',
  '<div style="position:fixed;inset:0;z-index:9999">x</div>',
  '<style>@import "https://evil.example/x.css";</style>',
  '<style>*{background:url(https://evil.example/x.png)}</style>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
  '<template><img src=x onerror=alert(1)></template>',
  '<xmp><img src=x onerror=alert(1)></xmp>',
  '<plaintext><img src=x onerror=alert(1)>',
  '<title><img src=x onerror=alert(1)></title>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<?xml-stylesheet href="https://evil.example/x.css"?>',
  '<p onclick=alert(1) onpointerrawupdate=alert(1)>x</p>',
  '<x-y onclick=alert(1)>x</x-y>',
  '<dialog open onclose=alert(1)>x</dialog>',
  '<portal src="https://evil.example"></portal>',
  '<button popovertarget=x onbeforetoggle=alert(1)>x</button>'
];

const ACTIVE =
  'script,iframe,frame,object,embed,applet,base,link,meta,form,noscript,template,portal,use,foreignObject,animate,set';

function dangers(root: Element): string[] {
  const found = Array.from(root.querySelectorAll(ACTIVE), element => element.localName);
  for (const element of Array.from(root.querySelectorAll('*'))) {
    for (const { name, value } of Array.from(element.attributes)) {
      if (/^(?:on|action|formaction|srcdoc|ping|target|background|poster|srcset)/i.test(name)) {
        found.push(name);
      }
      if (/^(?:xlink:)?(?:href|src|data)$/i.test(name) && !/^(?:#|data:image\/)/.test(value)) {
        found.push(`${name}=${value}`);
      }
      if (name === 'style' && /url|expression|position|import|\\/i.test(value)) {
        found.push(value);
      }
      if (/^(?:fill|stroke|clip-path)$/.test(name) && /url\(\s*['"]?[^#'"]/.test(value)) {
        found.push(value);
      }
    }
  }
  return found;
}

describe('HTML of an output', () => {
  it('has at least sixty attacks to stand', () => {
    expect(new Set(PAYLOADS).size).toBeGreaterThanOrEqual(60);
  });

  it.each(PAYLOADS)('is inert: %s', payload => {
    const root = document.createElement('div');
    appendHtml(root, `${payload}<p>after</p>`);
    expect(dangers(root)).toEqual([]);
    expect(root.querySelector('style')).toBeNull();
    // A second parse finds nothing new either.
    const again = document.createElement('div');
    again.innerHTML = root.innerHTML;
    expect(dangers(again)).toEqual([]);
  });

  it('keeps tables, links as text, inline pictures and small drawings', () => {
    const root = document.createElement('div');
    appendHtml(
      root,
      '<table class="dataframe"><thead><tr><th colspan="2">a</th></tr></thead></table>' +
        '<a href="https://example.org/">go</a><img src="data:image/png;base64,AA==" alt="dot">' +
        '<svg viewBox="0 0 1 1"><path d="M0,0h1" fill="red"/></svg><b style="color: red">x</b>'
    );
    expect(root.innerHTML).toBe(
      '<table class="dataframe"><thead><tr><th colspan="2">a</th></tr></thead></table>' +
        '<a title="https://example.org/">go</a><img src="data:image/png;base64,AA==" alt="dot">' +
        '<svg viewBox="0 0 1 1"><path d="M0,0h1" fill="red"></path></svg><b style="color: red">x</b>'
    );
  });

  it('survives a very deep document', () => {
    const root = document.createElement('div');
    appendHtml(root, '<div>'.repeat(3000) + 'deep');
    expect(root.childElementCount).toBe(1);
  });
});

describe('HTML of an author', () => {
  it.each(PAYLOADS)('neither runs nor navigates: %s', payload => {
    const root = document.createElement('div');
    appendAuthorHtml(root, payload);
    const bad = 'script,meta,base,link,iframe,frame,object,embed,noscript,template,portal';
    expect(root.querySelector(bad)).toBeNull();
    for (const element of Array.from(root.querySelectorAll('*'))) {
      const names = Array.from(element.attributes, attribute => attribute.name);
      expect(names.filter(name => /^(?:on|action|formaction|target|ping)/i.test(name))).toEqual([]);
      expect(element.getAttribute('href') ?? '#').toMatch(/^(?:#|data:image\/)/);
    }
  });

  it('keeps its own styles', () => {
    const root = document.createElement('div');
    appendAuthorHtml(root, '<style>.a { color: red }</style><p class="a" id="p">x</p>');
    expect(root.innerHTML).toBe('<style>.a { color: red }</style><p class="a" id="p">x</p>');
  });
});

describe('safeStyle', () => {
  it('keeps what only colours and spaces', () => {
    expect(safeStyle('color: red; padding: 4px')).toBe('color: red; padding: 4px');
    expect(safeStyle('color: red; position: fixed; --nx-bg: red')).toBe('color: red');
  });
});
