// Starting a training.

import { get, path, post } from '/ui/api.js';
import { toast } from '/ui/dom.js';
import { field, formDialog } from '/ui/parts.js';

/** Asks for the dataset and the main arguments, and starts a training of a model. */
export async function startTraining({ context, one }) {
  let sets = [];
  try {
    sets = (await get(path(['datasets'], { limit: 100 }), context.signal)).data;
  } catch (error) {
    toast(error.message, 'bad');
    return;
  }
  const fitting = sets.filter((set) => set.imageCount > 0 && (!one.task || set.task === one.task));
  if (!fitting.length) {
    toast(
      `There is no dataset with images${one.task ? ` for the task ${one.task}` : ''} yet.`,
      'bad',
    );
    return;
  }
  formDialog({
    title: `Train ${one.name}`,
    verb: 'Start',
    lead: one.hasWeights
      ? 'It begins with the weights that the model has.'
      : 'It begins with the base model of the server, or the one named here.',
    fields: [
      field({
        name: 'data',
        label: 'Dataset',
        options: fitting.map((set) => [
          `ul://${set.owner}/datasets/${set.slug}`,
          `${set.name} (${set.task}, ${set.imageCount} images)`,
        ]),
      }),
      field({
        name: 'model',
        label: 'Begin with',
        value: one.hasWeights ? `ul://${one.owner}/${one.project}/${one.slug}` : 'yolo26n.pt',
        required: true,
      }),
      field({
        name: 'epochs',
        label: 'Epochs',
        type: 'number',
        min: '1',
        max: '10000',
        value: '100',
        required: true,
      }),
      field({
        name: 'imgsz',
        label: 'Size of the input',
        type: 'number',
        min: '32',
        max: '4096',
        step: '32',
        value: '640',
        required: true,
      }),
      field({
        name: 'batch',
        label: 'Images a batch',
        type: 'number',
        min: '-1',
        max: '1024',
        value: '16',
        required: true,
      }),
    ],
    async submit(values) {
      const started = await post(path(['training', 'start']), {
        modelId: one.id,
        trainArgs: { ...values, project: `${one.owner}/${one.project}`, name: one.slug },
      });
      toast(
        `The training starts${started.billing?.estimatedCostDisplay ? `; about ${started.billing.estimatedCostDisplay}` : ''}.`,
      );
      context.reload();
    },
  });
}
