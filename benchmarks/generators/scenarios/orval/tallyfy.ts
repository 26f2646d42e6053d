// orval's client of fetch. Launch a process, complete its tasks and archive it.
import { archiveRun, completeTask, getRun, launchRun, listRunTasks, listTemplates } from './client/api';
import { bearer, check, entry, who } from './entry';

const own = { headers: { ...bearer, ...who } };

async function main(): Promise<void> {
  const org = entry.organization_id;
  const templates = await listTemplates(org, {}, own);
  check(templates.status === 200, templates);
  const template = templates.data.data.find((one) => !one.prerun?.length);
  check(template !== undefined, 'no template without a kick-off form');
  const made = await launchRun(org, { checklist_id: template.id, name: 'Generated' }, own);
  check(made.status === 201, made);
  const id = made.data.data.id;
  const tasks = await listRunTasks(org, id, {}, own);
  check(tasks.status === 200, tasks);
  for (const task of tasks.data.data) {
    const done = await completeTask(org, id, { task_id: task.id }, own);
    check(done.status === 200 && done.data.data.status === 'completed', done);
  }
  const run = await getRun(org, id, {}, own);
  check(run.status === 200 && run.data.data.status === 'complete', run);
  const archived = await archiveRun(org, id, own);
  check(archived.status === 200 && Boolean(archived.data.data.archived_at), archived);
}

void main();
