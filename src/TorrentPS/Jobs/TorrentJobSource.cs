using System.Collections.Concurrent;
using System.ComponentModel;
using System.Management.Automation;

namespace TorrentPS.Jobs;

/// <summary>
/// Makes the jobs of this module available to Get-Job, Wait-Job, Stop-Job and Remove-Job. PowerShell creates one source in each runspace that imports the module; the
/// jobs belong to the whole process, so that a job started in a thread job or in ForEach-Object -Parallel outlives its runspace.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TorrentJobSource : JobSourceAdapter
{
    private static readonly ConcurrentDictionary<Guid, TorrentJob> s_jobs = new();

    /// <summary>Creates the source of a runspace.</summary>
    public TorrentJobSource() => Name = nameof(TorrentJobSource);

    /// <inheritdoc/>
    public override Job2 NewJob(JobInvocationInfo specification) =>
        throw new PSNotSupportedException("A torrent's job is started with -AsJob of a cmdlet of this module.");

    /// <inheritdoc/>
    public override IList<Job2> GetJobs() => Where(static _ => true);

    /// <inheritdoc/>
    public override IList<Job2> GetJobsByName(string name, bool recurse)
    {
        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        return Where(job => pattern.IsMatch(job.Name));
    }

    /// <inheritdoc/>
    public override IList<Job2> GetJobsByCommand(string command, bool recurse)
    {
        WildcardPattern pattern = WildcardPattern.Get(command, WildcardOptions.IgnoreCase);
        return Where(job => pattern.IsMatch(job.Command) || job.Command.Equals(command, StringComparison.OrdinalIgnoreCase));
    }

    /// <inheritdoc/>
    public override IList<Job2> GetJobsByState(JobState state, bool recurse) => Where(job => job.JobStateInfo.State == state);

    /// <inheritdoc/>
    public override IList<Job2> GetJobsByFilter(Dictionary<string, object> filter, bool recurse) =>
        Where(job => filter.All(item => HasValue(job, item.Key, item.Value)));

    /// <inheritdoc/>
    public override Job2? GetJobByInstanceId(Guid instanceId, bool recurse) => s_jobs.GetValueOrDefault(instanceId);

    /// <inheritdoc/>
    public override Job2? GetJobBySessionId(int id, bool recurse) => s_jobs.Values.FirstOrDefault(job => job.Id == id);

    /// <inheritdoc/>
    public override void RemoveJob(Job2 job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!s_jobs.TryGetValue(job.InstanceId, out TorrentJob? known))
            return;
        known.StopJob();
        s_jobs.TryRemove(job.InstanceId, out _);
    }

    /// <summary>Registers a job, and starts it.</summary>
    internal static void Start(TorrentJob job)
    {
        s_jobs[job.InstanceId] = job;
        job.StartJob();
    }

    private static Job2[] Where(Func<TorrentJob, bool> condition) => [.. s_jobs.Values.Where(condition).OrderBy(job => job.Id)];

    private static bool HasValue(TorrentJob job, string property, object value) => property.ToUpperInvariant() switch
    {
        "ID" => job.Id.Equals(LanguagePrimitives.ConvertTo<int>(value)),
        "INSTANCEID" => job.InstanceId.Equals(LanguagePrimitives.ConvertTo<Guid>(value)),
        "NAME" => Matches(job.Name, value),
        "COMMAND" => Matches(job.Command, value),
        "STATE" => Matches(job.JobStateInfo.State.ToString(), value),
        "PSJOBTYPENAME" => Matches(job.PSJobTypeName, value),
        _ => false,
    };

    private static bool Matches(string text, object pattern) =>
        WildcardPattern.Get(LanguagePrimitives.ConvertTo<string>(pattern), WildcardOptions.IgnoreCase).IsMatch(text);
}
