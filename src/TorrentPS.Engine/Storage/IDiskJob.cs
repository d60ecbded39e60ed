namespace TorrentPS.Engine.Storage;

/// <summary>Work for a disk thread.</summary>
internal interface IDiskJob
{
    /// <summary>Does the work. Must not throw: a failure goes to whoever queued the job.</summary>
    void Run();
}
