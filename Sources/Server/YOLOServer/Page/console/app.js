// The console: which view an address has, the session, and the side.

import { get, keepKey, keepReason, path, restoreKey, session } from '/ui/api.js';
import { announce, fill, make } from '/ui/dom.js';
import { callsLeft, failureBox } from '/ui/parts.js';
import { home, notFound, signIn } from '/ui/home.js';

const main = document.getElementById('main');
const side = document.getElementById('side');
const menu = document.getElementById('menu');

/** The views: an expression for the path, the module, its function, and whether a key is needed. */
const VIEWS = [
  [/^\/datasets$/, 'datasets', 'list', true],
  [/^\/projects$/, 'projects', 'list', true],
  [/^\/models$/, 'projects', 'models', true],
  [/^\/models\/jobs$/, 'jobs', 'jobs', true],
  [/^\/models\/exports$/, 'jobs', 'exports', true],
  [/^\/models\/deployments$/, 'deployments', 'list', true],
  [/^\/models\/deployments\/([^/]+)$/, 'deployments', 'deployment', true],
  [/^\/explore$/, 'explore', 'explore', false],
  [/^\/settings\/usage$/, 'usage', 'usage', true],
  [/^\/settings\/(keys|activity|trash|webhooks|account)$/, 'settings', 'settings', true],
  [/^\/([a-z0-9-]+)$/, 'explore', 'owner', false],
  [/^\/([a-z0-9-]+)\/datasets$/, 'explore', 'owner', false],
  [/^\/([a-z0-9-]+)\/datasets\/([^/]+)$/, 'dataset', 'dataset', false],
  [/^\/([a-z0-9-]+)\/([^/]+)$/, 'project', 'project', false],
  [/^\/([a-z0-9-]+)\/([^/]+)\/([^/]+)$/, 'model', 'model', false],
];

const LINKS = [
  [
    'Work',
    [
      ['Overview', '/'],
      ['Datasets', '/datasets'],
      ['Projects', '/projects'],
      ['Models', '/models'],
    ],
  ],
  [
    'Run',
    [
      ['Jobs', '/models/jobs'],
      ['Exports', '/models/exports'],
      ['Deployments', '/models/deployments'],
    ],
  ],
  ['Find', [['Explore', '/explore']]],
  [
    'Account',
    [
      ['Usage', '/settings/usage'],
      ['Keys', '/settings/keys'],
      ['Activity', '/settings/activity'],
      ['Webhooks', '/settings/webhooks'],
      ['Trash', '/settings/trash'],
      ['Account', '/settings/account'],
    ],
  ],
];

let running = null;

/** Goes to an address of the console. */
export function go(address, { replace = false, focus = null } = {}) {
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  render(true, focus);
}

/** Signs out because the server does not know the key any longer. */
function forget() {
  keepKey(null);
  keepReason('The key of this tab is not known, or was revoked.');
  render();
}

/** Loads the view of the present address anew. */
export const reload = () => render(false);

/** Shows the view of the present address; the focus goes to its heading, or to a named control. */
async function render(movesFocus = true, focus = null) {
  running?.abort(new DOMException('The view was left.', 'AbortError'));
  running = new AbortController();
  const { signal } = running;
  const url = new URL(location.href);
  const address = url.pathname.replace(/\/+$/, '') || '/';
  const context = {
    signal,
    url,
    query: url.searchParams,
    address,
    go,
    reload,
    parts: [],
    /** Names the view; it is read out once the view is there. */
    title(text) {
      document.title = `${text} · YOLO platform`;
    },
    /** The address of this view with some of the query changed. */
    with(changes) {
      const query = new URLSearchParams(url.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === undefined || value === '') query.delete(name);
        else query.set(name, value);
      }
      const text = query.toString();
      return address + (text ? `?${text}` : '');
    },
  };
  drawSide(address);
  main.setAttribute('aria-busy', 'true');
  let content;
  try {
    if (session.key && !session.account)
      session.account = await get(path(['account', 'summary']), signal);
    drawSide(address);
    content = await view(address, context);
  } catch (error) {
    if (signal.aborted) return;
    if (error.status === 401 && session.key) {
      forget();
      return;
    }
    context.title('Failed');
    content = error.status === 404 ? notFound(context, error) : failureBox(error, reload);
  }
  if (signal.aborted) return;
  const open = document.activeElement?.closest('dialog');
  fill(main, content);
  main.setAttribute('aria-busy', 'false');
  const title = document.getElementById('title');
  const control =
    focus &&
    main.querySelector(
      focus === 'tab' ? '.tabs [aria-current]' : `.filters [name="${CSS.escape(focus)}"]`,
    );
  if (control) control.focus({ preventScroll: focus === 'tab' });
  else if (movesFocus && !open) {
    scrollTo(0, 0);
    title?.focus({ preventScroll: true });
  }
  announce(title?.textContent ?? document.title);
}

async function view(address, context) {
  if (address === '/') return session.key ? home(context) : signIn(context);
  for (const [expression, module, name, needsKey] of VIEWS) {
    const match = expression.exec(address);
    if (!match) continue;
    if (needsKey && !session.key) return signIn(context);
    context.parts = match.slice(1).map(decoded);
    return (await import(`/ui/${module}.js`))[name](context);
  }
  return notFound(context);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function drawSide(address) {
  const isCurrent = (link) =>
    link === '/'
      ? address === '/'
      : address === link || (link !== '/models' && address.startsWith(`${link}/`));
  const mine = session.account ? `/${session.account.username}/` : null;
  const current = (link) => {
    if (isCurrent(link)) return true;
    if (!mine || !address.startsWith(mine)) return false;
    return link === (address.startsWith(`${mine}datasets`) ? '/datasets' : '/projects');
  };
  const groups = session.key
    ? LINKS
    : [
        [
          'Find',
          [
            ['Sign in', '/'],
            ['Explore', '/explore'],
          ],
        ],
      ];
  fill(
    side,
    groups.map(([title, links]) =>
      make(
        'div',
        { class: 'group' },
        make('p', { class: 'group-name', 'aria-hidden': 'true' }, title),
        make(
          'ul',
          { 'aria-label': title },
          links.map(([name, link]) =>
            make(
              'li',
              {},
              make('a', { href: link, 'aria-current': current(link) ? 'page' : null }, name),
            ),
          ),
        ),
      ),
    ),
    make(
      'div',
      { class: 'side-foot' },
      session.account
        ? make(
            'p',
            { class: 'who' },
            make('a', { href: `/${session.account.username}` }, session.account.username),
            make('span', { class: 'tag' }, session.account.plan),
          )
        : null,
      session.key ? callsLeft() : null,
      make(
        'ul',
        {},
        make('li', {}, make('a', { href: '/predict', 'data-outside': true }, 'Try served models')),
        make(
          'li',
          {},
          make('a', { href: '/openapi.json', 'data-outside': true }, 'API description'),
        ),
      ),
      session.key
        ? make(
            'button',
            {
              type: 'button',
              class: 'small',
              onclick: () => {
                keepKey(null);
                go('/');
              },
            },
            'Sign out',
          )
        : null,
    ),
  );
}

/* Events */

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (
    !link ||
    event.defaultPrevented ||
    event.button !== 0 ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey
  )
    return;
  if (link.classList.contains('skip')) {
    event.preventDefault();
    main.focus();
    return;
  }
  const url = new URL(link.href, location.href);
  if (
    url.origin !== location.origin ||
    link.hasAttribute('data-outside') ||
    link.hasAttribute('download')
  )
    return;
  event.preventDefault();
  closeMenu();
  if (url.href === location.href) reload();
  else go(url.pathname + url.search, { focus: link.closest('.tabs') ? 'tab' : null });
});

function closeMenu() {
  menu.setAttribute('aria-expanded', 'false');
  document.body.classList.remove('with-menu');
}

menu.addEventListener('click', () => {
  const isOpen = menu.getAttribute('aria-expanded') !== 'true';
  menu.setAttribute('aria-expanded', String(isOpen));
  document.body.classList.toggle('with-menu', isOpen);
  if (isOpen) side.querySelector('a')?.focus();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || menu.getAttribute('aria-expanded') !== 'true') return;
  closeMenu();
  menu.focus();
});
addEventListener('popstate', () => render());
// While a view is open: the key was revoked.
addEventListener('yolo-unauthorized', () => {
  if (session.account) forget();
});
// What was dropped beside a form must not replace the page.
for (const name of ['dragover', 'drop']) addEventListener(name, (event) => event.preventDefault());

restoreKey();
render();
