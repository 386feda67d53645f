// What the account uses and may use, and its money.

import { get, path, post } from '/ui/api.js';
import { bytes, count, make, money, time } from '/ui/dom.js';
import {
  button,
  doing,
  facts,
  field,
  formDialog,
  meter,
  head,
  pager,
  pending,
  section,
  table,
} from '/ui/parts.js';

/** `/settings/usage`. */
export function usage(context) {
  const { signal } = context;
  context.title('Usage');
  const load = (parts, query) => get(path(parts, query), signal);
  return [
    head({ title: 'Usage' }),
    make(
      'div',
      { class: 'columns' },
      make(
        'div',
        {},
        section(
          'Storage',
          pending(
            'storage',
            async () => {
              const { data, usage: used, breakdown } = await load(['storage'], { details: true });
              const kinds = breakdown.byCategory;
              return [
                meter(
                  data.used,
                  data.limit,
                  make('p', {}, `${bytes(data.used)} of ${bytes(data.limit)}`),
                ),
                table(
                  'Storage by kind',
                  [
                    { name: 'Kind', kind: 'grow', cell: ([name]) => name },
                    { name: 'Number', kind: 'number', cell: ([, one]) => count(one.count) },
                    { name: 'Size', kind: 'number', cell: ([, one]) => bytes(one.bytes) },
                  ],
                  [
                    ['Datasets', kinds.datasets],
                    ['Models', kinds.models],
                    ['Exports', kinds.exports],
                  ],
                ),
                make(
                  'p',
                  { class: 'hint' },
                  'Files that several things share count once. The trash counts.',
                ),
                breakdown.topItems?.length
                  ? table(
                      'The largest',
                      [
                        { name: 'Largest', kind: 'grow', cell: (row) => row.name },
                        { name: 'Kind', cell: (row) => row.type },
                        { name: 'Size', kind: 'number', cell: (row) => bytes(row.sizeBytes) },
                      ],
                      breakdown.topItems,
                    )
                  : null,
                facts([
                  ['Models', quota(used.models)],
                  ['Projects', quota(used.projects)],
                  ['Deployments', quota(used.deployments)],
                ]),
              ];
            },
            signal,
          ),
        ),
        section(
          'Payments',
          pending(
            'payments',
            async () => {
              const page = Number(context.query.get('page')) || 1;
              const { data, meta } = await load(['billing', 'payments'], { page, limit: 10 });
              return [
                table(
                  'Payments',
                  [
                    { name: 'Time', kind: 'fit', cell: (row) => time(row.createdAt) },
                    { name: 'What', kind: 'grow', cell: (row) => row.description ?? '' },
                    { name: 'Amount', kind: 'number', cell: (row) => money(row.amount) },
                    { name: 'State', cell: (row) => row.status },
                    {
                      name: 'Receipt',
                      kind: 'fit',
                      cell: (row) =>
                        /^https:/.test(row.receiptUrl ?? '')
                          ? make(
                              'a',
                              {
                                href: row.receiptUrl,
                                rel: 'noopener noreferrer',
                                'data-outside': true,
                              },
                              'Receipt',
                            )
                          : '',
                    },
                  ],
                  data,
                  { empty: 'No payment yet.' },
                ),
                pager(meta, (number) => context.with({ page: number })),
              ];
            },
            signal,
          ),
        ),
        section(
          'Bookings',
          pending(
            'bookings',
            async () => {
              const { transactions } = await load(['billing', 'transactions']);
              return table(
                'Bookings',
                [
                  { name: 'Time', kind: 'fit', cell: (row) => time(row.createdAt) },
                  { name: 'Kind', kind: 'grow', cell: (row) => row.type.replace(/_/g, ' ') },
                  {
                    name: 'Amount',
                    kind: 'number',
                    cell: (row) => money(row.amountCents * 10_000),
                  },
                  {
                    name: 'Balance',
                    kind: 'number',
                    cell: (row) => money(row.balanceAfter * 10_000),
                  },
                ],
                transactions.slice(0, 50),
                { empty: 'Nothing was booked yet.' },
              );
            },
            signal,
          ),
        ),
      ),
      make(
        'div',
        {},
        section(
          'Plan',
          pending(
            'plan',
            async () => {
              const { data } = await load(['billing', 'usage-summary']);
              const minute = (data.calls ?? []).map((one) => [
                `Calls this ${one.window}`,
                `${count(one.limit - one.remaining)} of ${count(one.limit)}`,
              ]);
              const upgrade = button('Subscribe to Pro', () =>
                doing(upgrade, async () => {
                  leave(
                    await post(path(['billing', 'subscription-checkout']), {
                      planId: 'pro',
                      billingCycle: 'monthly',
                    }),
                  );
                }),
              );
              const portal = button('Manage the subscription', () =>
                doing(portal, async () => {
                  leave(
                    await post(path(['billing', 'portal-session']), { returnUrl: location.href }),
                  );
                }),
              );
              return [
                facts([
                  ['Plan', data.plan.name],
                  ['State', data.plan.status],
                  ...minute,
                  ['Trainings at once', count(data.limits?.trainings)],
                  ['Deployments', count(data.limits?.deployments)],
                  ['Models', count(data.limits?.models)],
                  ['Renews', data.plan.currentPeriodEnd ? time(data.plan.currentPeriodEnd) : null],
                ]),
                make('div', { class: 'actions' }, data.plan.planId === 'free' ? upgrade : portal),
              ];
            },
            signal,
          ),
        ),
        section(
          'Balance',
          pending(
            'balance',
            async () => {
              const { data } = await load(['billing', 'balance']);
              return [
                facts([
                  ['Total', make('strong', {}, money(data.totalBalance))],
                  ['Cash', money(data.cashBalance)],
                  ['Credit', money(data.creditBalance)],
                  ['Reserved for runs', money(data.reservedAmount)],
                ]),
                make(
                  'div',
                  { class: 'actions' },
                  button('Add money', () =>
                    formDialog({
                      title: 'Add money',
                      verb: 'To the payment',
                      fields: [
                        field({
                          name: 'amount',
                          label: 'Amount in USD',
                          type: 'number',
                          min: '5',
                          max: '1000',
                          value: '25',
                          required: true,
                        }),
                      ],
                      async submit(values) {
                        leave(await post(path(['billing', 'checkout-session']), values));
                      },
                    }),
                  ),
                ),
              ];
            },
            signal,
          ),
        ),
      ),
    ),
  ];
}

const quota = (one) => (one ? `${count(one.current)} of ${count(one.limit)}` : null);

/** Goes to the page of the payment provider, which the server has named. */
function leave(answer) {
  const url = new URL((answer.data ?? answer).url, location.href);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new Error('The address of the payment is none of the web.');
  location.assign(url.href);
}
