/** What /api/v1/flows and the paths under it answer: JSON, never cached. */
import type { Request, RequestHandler, Response } from 'express'
import { createDocuments, type FindDocuments } from './documents.ts'
import { type Documents, detailsOf, type Right, summaryOf } from './flow/api.ts'
import type { AskOverdue, FlowReport } from './flow/report.ts'
import { flowPage } from './flow_page.ts'
import { type ServerDeps, say, sendHtml } from './handlers.ts'

/** The business flows, as the server sees them. */
export interface FlowsDeps {
  /** Every configured flow of every tenant. */
  readonly reports: () => readonly FlowReport[]
  readonly overdue: AskOverdue
}

const refuse = (response: Response, code: number, error: string): void => void response.status(code).json({ error })

const reportsOf = ({ flows }: ServerDeps): readonly FlowReport[] => flows?.reports() ?? []

export const flowList =
  (deps: ServerDeps): RequestHandler =>
  (request, response) => {
    const tenants = new URL(request.url, 'http://localhost').searchParams.getAll('tenant')
    if (tenants.length > 1) return refuse(response, 400, "give 'tenant' once, or not at all")
    const [tenant] = tenants
    const reports = reportsOf(deps).filter((report) => tenant === undefined || report.tenant === tenant)
    if (tenant !== undefined && reports.length === 0) return refuse(response, 404, 'no tenant of that name has flows')
    response.json({ flows: reports.map((report) => summaryOf(report, Date.now())) })
  }

/** Documents of a flow that is not judged are not asked for: what they are is not known, or not all of it. */
const documentsOf = async (report: FlowReport, find: FindDocuments): Promise<Documents> =>
  report.state === 'judged' || report.state === 'failing'
    ? find(report.tenant, report.flow.flow.name)
    : { failed: `the flow is not judged (${report.state})${report.reason === undefined ? '' : `: ${report.reason}`}` }

interface Found {
  readonly report: FlowReport
  readonly right: Right
  readonly documents: Documents | undefined
}

/** The flow a path names, and its documents for who may see them; undefined: there is no such flow. */
export type FindFlow = (request: Request) => Promise<Found | undefined>

export const createFindFlow = (deps: ServerDeps, rightOf: (request: Request) => Right): FindFlow => {
  const { flows, redact, log } = deps
  const find = flows && createDocuments({ ask: flows.overdue, redact, log })
  return async (request) => {
    const { tenant, flow } = request.params
    const report = reportsOf(deps).find((each) => each.tenant === tenant && each.flow.flow.name === flow)
    if (report === undefined) return undefined
    const right = rightOf(request)
    return { report, right, documents: right.granted && find ? await documentsOf(report, find) : undefined }
  }
}

export const flowDetails =
  (find: FindFlow): RequestHandler =>
  async (request, response) => {
    const found = await find(request)
    if (found === undefined) return refuse(response, 404, 'no such flow; /api/v1/flows lists them')
    response.json(detailsOf(found.report, Date.now(), found.right, found.documents))
  }

export const flowHtml =
  ({ redact }: ServerDeps, find: FindFlow): RequestHandler =>
  async (request, response) => {
    const found = await find(request)
    if (found === undefined) return say(response, 404, 'There is no such flow; / lists them.')
    sendHtml(response, flowPage(found.report, { ...found, at: Date.now(), redact }))
  }
