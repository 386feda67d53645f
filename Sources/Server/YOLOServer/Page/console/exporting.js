// Exports of models: what there is, how far it is, starting and cancelling.

import { get, local, path, poll, post, remove } from '/ui/api.js';
import { bytes, fill, make, time, toast } from '/ui/dom.js';
import {
  ask,
  button,
  copyButton,
  failureBox,
  field,
  formDialog,
  isBusy,
  state,
  table,
} from '/ui/parts.js';

const FORMATS = [
  ['safetensors', 'safetensors'],
  ['onnx', 'ONNX'],
  ['torchscript', 'TorchScript'],
  ['openvino', 'OpenVINO'],
  ['engine', 'TensorRT'],
  ['coreml', 'Core ML'],
  ['saved_model', 'TensorFlow SavedModel'],
  ['pb', 'TensorFlow GraphDef'],
  ['litert', 'LiteRT (TFLite)'],
  ['edgetpu', 'Edge TPU'],
  ['tfjs', 'TensorFlow.js'],
  ['paddle', 'PaddlePaddle'],
  ['mnn', 'MNN'],
  ['ncnn', 'ncnn'],
  ['imx', 'IMX500'],
  ['rknn', 'RKNN'],
  ['executorch', 'ExecuTorch'],
  ['axelera', 'Axelera'],
];
const PERIOD = 8;

/** The table of exports; `address` makes the link to the model, if it is shown. */
export function exportTable(list, { modelCell, changed, removal }) {
  return table(
    'Exports',
    [
      { name: 'Format', kind: 'fit', cell: (row) => row.format },
      modelCell ? { name: 'Model', kind: 'grow', cell: modelCell } : null,
      {
        name: 'State',
        kind: modelCell ? '' : 'grow',
        cell: (row) =>
          make(
            'span',
            {},
            state(row.status),
            row.error ? make('span', { class: 'why' }, row.error.message) : null,
          ),
      },
      { name: 'Size', kind: 'number', cell: (row) => bytes(row.file?.size) },
      { name: 'Asked for', kind: 'fit', cell: (row) => time(row.createdAt) },
      {
        name: '',
        kind: 'fit',
        cell: (row) =>
          make(
            'div',
            { class: 'actions' },
            row.file?.downloadUrl
              ? [
                  make(
                    'a',
                    {
                      class: 'button small',
                      href: local(row.file.downloadUrl),
                      download: row.file.downloadFilename ?? true,
                    },
                    'Download',
                  ),
                  copyButton(row.file.downloadUrl, 'Copy the address'),
                ]
              : null,
            removal
              ? button(
                  isBusy(row.status) ? 'Cancel' : 'Delete',
                  () =>
                    ask(
                      isBusy(row.status)
                        ? `Cancel the export to ${row.format}?`
                        : `Delete the export to ${row.format}?`,
                      '',
                      isBusy(row.status) ? 'Cancel the export' : 'Delete',
                      async () => {
                        await removal(row);
                        await changed();
                      },
                    ),
                  { kind: 'small' },
                )
              : null,
          ),
      },
    ].filter(Boolean),
    list,
    { empty: 'No export yet.' },
  );
}

/** The exports of a model, which are asked for again while one is under way. */
export function exportsOf({ context, parts, canStart }) {
  const box = make(
    'div',
    { 'aria-busy': 'true' },
    make('p', { class: 'loading' }, 'Loading exports…'),
  );
  const look = async () => {
    const found = await get(path([...parts, 'exports'], { limit: 50 }), context.signal);
    const list = found.exports ?? found.data ?? [];
    fill(
      box,
      canStart
        ? make('div', { class: 'bar-row' }, make('span', {}), button('New export', start))
        : null,
      exportTable(list, {
        changed: look,
        removal: canStart ? (row) => remove(path([...parts, 'exports', row.id])) : null,
      }),
    );
    box.setAttribute('aria-busy', 'false');
    return list.some((row) => isBusy(row.status));
  };
  const begin = async () => {
    try {
      if (await look()) await poll(look, PERIOD, context.signal);
    } catch (error) {
      if (context.signal.aborted) return;
      fill(box, failureBox(error, begin));
      box.setAttribute('aria-busy', 'false');
    }
  };
  const start = () =>
    formDialog({
      title: 'New export',
      verb: 'Start',
      lead: 'Which formats there are depends on the exporters that this server was given.',
      fields: [
        field({ name: 'format', label: 'Format', options: FORMATS, value: 'safetensors' }),
        field({
          name: 'imgsz',
          label: 'Size of the input',
          type: 'number',
          min: '32',
          max: '4096',
          step: '32',
          hint: 'Empty for that of the model.',
        }),
        field({ name: 'dynamic', label: 'Dynamic shapes', type: 'checkbox' }),
        field({ name: 'nms', label: 'Suppression in the model (nms)', type: 'checkbox' }),
      ],
      async submit(values) {
        const args = {};
        if (values.imgsz) args.imgsz = values.imgsz;
        for (const name of ['dynamic', 'nms']) if (values[name]) args[name] = true;
        await post(path([...parts, 'exports']), {
          format: values.format,
          ...(Object.keys(args).length ? { args } : {}),
        });
        toast('The export is in the queue.');
        begin();
      },
    });
  begin();
  return box;
}
