using System.ComponentModel;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Formatting;
using TorrentPS.Pipeline;
using TorrentPS.Sharing;

namespace TorrentPS.Commands;

/// <summary>
/// The base of the module's cmdlets: the engine works on the thread pool, only the pipeline thread writes, and when the pipeline stops (Ctrl+C, an error with
/// <c>-ErrorAction Stop</c>, <c>Select-Object -First</c>), the work is cancelled and waited for.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TorrentCommand : ModuleCommand, IDisposable
{
    // The engine ends within a second; the rest allows for a busy machine.
    private static readonly TimeSpan s_windDown = TimeSpan.FromSeconds(5);

    private readonly PipelinePump _pump = new(s_windDown);
    private SharedClient.Lease? _lease;

    private protected TorrentCommand()
    {
    }

    private protected PipelinePump Pump => _pump;

    /// <summary>The process's client, from its first use to the end of this invocation. For the pipeline thread.</summary>
    private protected TorrentClient Client => (_lease ??= SharedClient.Rent(Network, PostVerbose, PostWarning)).Client;

    /// <summary>The network settings.</summary>
    private protected virtual NetworkSettings Network => NetworkSettings.Default;

    /// <summary>Resolves a PowerShell path to the file system; a terminating error if that is impossible.</summary>
    /// <param name="path">The path as given.</param>
    /// <param name="error">Creates the error from the path, the reason, and the exception, if any.</param>
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

    /// <summary>Ends running work, and closes what the engine opened.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends running work, and closes what the engine opened.</summary>
    /// <param name="disposing">Whether this is called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _pump.Dispose();
        if (Interlocked.Exchange(ref _lease, null) is { } lease)
        {
            // A failure cannot be reported any more, and the user could do nothing about it.
            Task closed = Task.Run(() => lease.DisposeAsync().AsTask());
            _ = ((IAsyncResult)closed).AsyncWaitHandle.WaitOne(s_windDown);
        }
    }

    /// <summary>Runs work on the pool, writes its output meanwhile, and returns its result. Throws when the pipeline is stopped.</summary>
    private protected T? Run<T>(Func<CancellationToken, Task<T>> work)
    {
        T? result = default;
        Guarded(() => result = _pump.Run(work));
        return result;
    }

    /// <inheritdoc cref="Run{T}"/>
    private protected void Run(Func<CancellationToken, Task> work) => Guarded(() => _pump.Run(work));

    /// <summary>Pumps on the pipeline thread; turns an unexpected exception into a terminating error.</summary>
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
