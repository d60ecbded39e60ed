namespace TorrentPS.Engine.Storage;

/// <summary>A job for a disk thread.</summary>
internal interface IDiskJob
{
    /// <summary>Runs the job. Must not throw: failures are passed to the code that queued it.</summary>
    void Run();
}
