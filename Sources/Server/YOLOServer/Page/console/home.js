// The first view: signing in, or what the account has; and the view of what is not there.

import { Failure, get, keepKey, path, session, takeReason } from '/ui/api.js';
import { bytes, count, fill, make, time } from '/ui/dom.js';
import {
  button,
  command,
  facts,
  failureBox,
  field,
  head,
  meter,
  pending,
  section,
  state,
  table,
  task,
  values,
} from '/ui/parts.js';

/** Asks for a key; then the view of the present address is loaded anew. */
export function signIn(context) {
  context.title('Sign in');
  const reason = takeReason();
  const alert = make(
    'div',
    {},
    reason ? make('p', { class: 'notice bad', role: 'alert' }, reason) : null,
  );
  const submit = button('Sign in', null, { kind: 'main', type: 'submit' });
  const form = make(
    'form',
    { class: 'sign-in', novalidate: true },
    field({
      name: 'key',
      label: 'API key',
      type: 'password',
      autocomplete: 'off',
      spellcheck: 'false',
      required: true,
      hint: 'It begins with ul_. It is kept in this tab only, until the tab is closed or you sign out.',
    }),
    alert,
    submit,
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const key = values(form).key?.trim();
    if (!key) {
      fill(alert, make('p', { class: 'notice bad', role: 'alert' }, 'Enter a key.'));
      form.elements.key.focus();
      return;
    }
    submit.disabled = true;
    try {
      session.key = key;
      session.account = await get(path(['account', 'summary']));
      const account = session.account;
      keepKey(key);
      session.account = account;
      context.reload();
    } catch (error) {
      session.key = null;
      fill(alert, failureBox(error));
      submit.disabled = false;
      form.elements.key.focus();
    }
  });
  return make(
    'div',
    { class: 'narrow' },
    head({ title: 'Sign in' }),
    form,
    section(
      'No key yet?',
      make('p', {}, 'The operator of this server makes accounts and keys on its command line:'),
      command('yolo accounts create NAME --data DIR', 'Command that creates an account'),
      command('yolo keys create --account NAME --data DIR', 'Command that creates a key'),
    ),
    section(
      'Without a key',
      make(
        'p',
        {},
        make('a', { href: '/explore' }, 'What is public'),
        ' on this server can be seen by everybody.',
      ),
    ),
  );
}

/** What there is no view of, or what whoever asks may not see: the same words for both. */
export function notFound(context, error) {
  context.title('Not found');
  return make(
    'div',
    { class: 'narrow' },
    head({ title: 'Not found' }),
    make('p', {}, 'There is nothing at this address, or it is private and not yours.'),
    error instanceof Failure ? make('p', { class: 'hint' }, error.message) : null,
    session.key
      ? make('p', {}, make('a', { href: '/' }, 'To the overview'))
      : make('p', {}, 'If it is yours, sign in.'),
    session.key ? null : signInHere(context),
  );
}

function signInHere(context) {
  const box = make('div', {});
  const open = button(
    'Sign in',
    () => {
      const view = signIn(context);
      fill(box, view.querySelector('form'));
      box.querySelector('input').focus();
    },
    { kind: 'main' },
  );
  return fill(box, open);
}

/** What the account has, and what has happened. */
export function home(context) {
  const { signal } = context;
  const account = session.account;
  context.title('Overview');
  const load = (address) => get(address, signal);
  return [
    head({
      title: account.name || account.username,
      facts: [account.username, `${account.plan} plan`],
    }),
    make(
      'div',
      { class: 'columns' },
      make(
        'div',
        {},
        section(
          'Datasets',
          pending(
            'datasets',
            async () => {
              const { data } = await load(path(['datasets'], { limit: 5 }));
              return [
                table(
                  'The newest datasets',
                  [
                    {
                      name: 'Name',
                      kind: 'grow',
                      cell: (row) =>
                        make('a', { href: `/${row.owner}/datasets/${row.slug}` }, row.name),
                    },
                    { name: 'Task', cell: (row) => task(row.task) },
                    { name: 'Images', kind: 'number', cell: (row) => count(row.imageCount) },
                    { name: 'State', cell: (row) => state(row.status) },
                  ],
                  data,
                  { empty: 'No dataset yet.' },
                ),
                make('p', { class: 'more' }, make('a', { href: '/datasets' }, 'All datasets')),
              ];
            },
            signal,
          ),
        ),
        section(
          'Models',
          pending(
            'models',
            async () => {
              const { data } = await load(path(['models'], { limit: 5 }));
              return [
                table(
                  'The newest models',
                  [
                    {
                      name: 'Name',
                      kind: 'grow',
                      cell: (row) =>
                        make('a', { href: `/${row.owner}/${row.project}/${row.slug}` }, row.name),
                    },
                    {
                      name: 'Project',
                      cell: (row) =>
                        make('a', { href: `/${row.owner}/${row.project}` }, row.projectName),
                    },
                    { name: 'Task', cell: (row) => task(row.task) },
                    { name: 'State', cell: (row) => state(row.status) },
                  ],
                  data,
                  { empty: 'No model yet.' },
                ),
                make('p', { class: 'more' }, make('a', { href: '/models' }, 'All models')),
              ];
            },
            signal,
          ),
        ),
      ),
      make(
        'div',
        {},
        section(
          'Storage',
          pending(
            'storage',
            async () => {
              const storage = await load(path(['storage']));
              const parts = storage.breakdown.byCategory;
              return [
                meter(
                  storage.data.used,
                  storage.data.limit,
                  make('p', {}, `${bytes(storage.data.used)} of ${bytes(storage.data.limit)}`),
                ),
                facts([
                  ['Datasets', `${count(parts.datasets.count)} · ${bytes(parts.datasets.bytes)}`],
                  ['Models', `${count(parts.models.count)} · ${bytes(parts.models.bytes)}`],
                  ['Exports', `${count(parts.exports.count)} · ${bytes(parts.exports.bytes)}`],
                ]),
              ];
            },
            signal,
          ),
        ),
        section(
          'Lately',
          pending(
            'activity',
            async () => {
              const { data } = await load(path(['activity'], { limit: 8 }));
              return data.length
                ? [
                    make(
                      'ul',
                      { class: 'events' },
                      data.map((event) =>
                        make('li', {}, make('span', {}, event.message), time(event.createdAt)),
                      ),
                    ),
                    make(
                      'p',
                      { class: 'more' },
                      make('a', { href: '/settings/activity' }, 'All activity'),
                    ),
                  ]
                : make('p', { class: 'empty' }, 'Nothing has happened yet.');
            },
            signal,
          ),
        ),
        section(
          'From Python',
          make(
            'p',
            { class: 'hint' },
            'The official clients work with this server. In the environment:',
          ),
          command(`export ULTRALYTICS_PLATFORM_URL=${location.origin}`, 'Setting of the server'),
          command('export ULTRALYTICS_API_KEY=ul_…', 'Setting of the key'),
          command(`YOLO("ul://${account.username}/PROJECT/MODEL")`, 'Loading a model'),
        ),
      ),
    ),
  ];
}
