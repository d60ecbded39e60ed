using System.ComponentModel;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Errors;
using TorrentPS.Pipeline;
using TorrentPS.Sharing;

namespace TorrentPS.Commands;

/// <summary>
/// What all cmdlets of the module share: the engine works on the thread pool, the pipeline thread alone writes, and when the pipeline
/// stops (Ctrl+C, an error with <c>-ErrorAction Stop</c>, <c>Select-Object -First</c>) the work is cancelled and waited for.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TorrentCommand : ModuleCommand, IDisposable
{
    // The engine ends within a second; the rest is for a machine that is busy.
    private static readonly TimeSpan s_windDown = TimeSpan.FromSeconds(5);

    private readonly PipelinePump _pump = new(s_windDown);
    private SharedClient.Lease? _lease;

    private protected TorrentCommand()
    {
    }

    private protected PipelinePump Pump => _pump;

    /// <summary>The process's client, from when it is first asked for to the end of this invocation. For the pipeline thread.</summary>
    private protected TorrentClient Client => (_lease ??= SharedClient.Rent(Network, PostVerbose, PostWarning)).Client;

    /// <summary>How it reaches the network.</summary>
    private protected virtual NetworkSettings Network => NetworkSettings.Default;

    /// <summary>The path in the file system of one of PowerShell's; a terminating error where there is none.</summary>
    /// <param name="path">The path as it was given.</param>
    /// <param name="error">Makes the error of the path, what is wrong with it, and the exception that said so, where one did.</param>
    private protected string ResolvePath(string path, Func<string, string, Exception?, ErrorRecord> error)
    {
        try
        {
            string resolved = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            if (provider.ImplementingType != typeof(FileSystemProvider))
                ThrowTerminatingError(error(path, $"it is on the {provider.Name} provider", null));
            return resolved;
        }
        catch (Exception exception) when (exception is SessionStateException or ProviderInvocationException or PSArgumentException)
        {
            ThrowTerminatingError(error(path, exception.Message, exception));
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _pump.Stop();

    /// <summary>Ends what is still at work, and closes what the engine opened.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what is still at work, and closes what the engine opened.</summary>
    /// <param name="disposing">Whether it is called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _pump.Dispose();
        if (Interlocked.Exchange(ref _lease, null) is { } lease)
        {
            // Nobody is left to tell of a failure, and nothing that a user could do about it.
            Task closed = Task.Run(() => lease.DisposeAsync().AsTask());
            _ = ((IAsyncResult)closed).AsyncWaitHandle.WaitOne(s_windDown);
        }
    }

    /// <summary>Does work on the pool, writes meanwhile what it posts, and returns its result. Throws when the pipeline is stopped.</summary>
    private protected T? Run<T>(Func<CancellationToken, Task<T>> work)
    {
        T? result = default;
        Guarded(() => result = _pump.Run(work));
        return result;
    }

    /// <inheritdoc cref="Run{T}"/>
    private protected void Run(Func<CancellationToken, Task> work) => Guarded(() => _pump.Run(work));

    /// <summary>Pumps on the pipeline thread; turns what nobody expected into a terminating error.</summary>
    private protected void Guarded(Action pump)
    {
        try
        {
            pump();
        }
        catch (Exception exception) when (exception is not RuntimeException)
        {
            ThrowTerminatingError(ErrorRecords.Unexpected(exception, null));
        }
        if (_pump.IsStopped)
            throw new PipelineStoppedException();
    }

    private protected void PostObject(object value) => _pump.Post(() => WriteObject(value));

    private protected void PostError(ErrorRecord error) => _pump.Post(() => WriteError(error));

    private protected void PostError(TorrentException exception, object? target) => PostError(ErrorRecords.From(exception, target));

    private protected void PostWarning(string text) => _pump.Post(() => WriteWarning(text));

    private protected void PostVerbose(string text) => _pump.Post(() => WriteVerbose(text));
}
