// A project and its models.

import { get, path, session } from '/ui/api.js';
import { bytes, make, plural, time } from '/ui/dom.js';
import { button, command, head, pagedTable, section, visibility } from '/ui/parts.js';
import { starButton } from '/ui/datasets.js';
import {
  modelColumns,
  newModel,
  projectClone,
  projectSettings,
  projectTrash,
  uploadModel,
} from '/ui/projects.js';

/** `/{owner}/{project}`. */
export async function project(context) {
  const [owner, slug] = context.parts;
  const found = await get(path(['projects', owner, slug]), context.signal);
  const one = found.project;
  context.title(one.name);
  return [
    head({
      crumbs: [[owner, `/${owner}`]],
      title: one.name,
      facts: [
        visibility(one.visibility),
        plural(found.models.length, 'model'),
        bytes(one.totalBytes),
        make('span', {}, 'changed ', time(one.updatedAt)),
      ],
      actions: [
        starButton('projects', [owner, slug], one),
        session.key ? button('Clone', () => projectClone(context, one)) : null,
        found.isOwner ? button('Settings', () => projectSettings(context, one)) : null,
        found.isOwner ? button('Trash', () => projectTrash(context, one)) : null,
        found.isOwner ? button('New model', () => newModel(context, one)) : null,
        found.isOwner
          ? button('Upload a model', () => uploadModel(context, one), { kind: 'main' })
          : null,
      ],
    }),
    one.description ? make('p', { class: 'description' }, one.description) : null,
    pagedTable(
      'Models',
      modelColumns((row) => `/${owner}/${slug}/${row.model}`),
      found.models,
      { size: 50, empty: 'No model yet.' },
    ),
    found.isOwner
      ? section(
          'Train into it',
          command(
            `yolo train model=yolo26n.pt data=coco8.yaml project=${owner}/${slug} name=first`,
            'Training into the project',
          ),
        )
      : null,
  ];
}
