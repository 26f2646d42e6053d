// openapi-typescript with openapi-fetch. Launch a process, complete its tasks and archive it.
import createClient from 'openapi-fetch';
import type { paths } from './client';
import { bearer, check, entry, who } from './entry';

const api = createClient<paths>({ baseUrl: entry.base_url, headers: bearer });

async function main(): Promise<void> {
  const org = { org_id: entry.organization_id };
  const templates = await api.GET('/organizations/{org_id}/checklists', { params: { path: org, header: who } });
  const template = templates.data?.data.find((one) => !one.prerun?.length);
  check(template !== undefined, templates.error);
  const body = { checklist_id: template.id, name: 'Generated' };
  const made = await api.POST('/organizations/{org_id}/runs', { params: { path: org, header: who }, body });
  check(made.data !== undefined, made.error);
  const path = { ...org, run_id: made.data.data.id };
  const tasks = await api.GET('/organizations/{org_id}/runs/{run_id}/tasks', { params: { path, header: who } });
  for (const task of tasks.data?.data ?? []) {
    const done = await api.POST('/organizations/{org_id}/runs/{run_id}/completed-tasks', {
      params: { path, header: who },
      body: { task_id: task.id },
    });
    check(done.data?.data.status === 'completed', done.error);
  }
  const run = await api.GET('/organizations/{org_id}/runs/{run_id}', { params: { path, header: who } });
  check(run.data?.data.status === 'complete', run);
  const archived = await api.DELETE('/organizations/{org_id}/runs/{run_id}', { params: { path, header: who } });
  check(Boolean(archived.data?.data.archived_at), archived);
}

void main();
