using Spectre.Console;
using TorrentPS.Cli.Output;
using TorrentPS.Engine.Display;

namespace TorrentPS.Cli.Demo;

/// <summary>Reports the steps of the demonstration: with symbols and colours on a terminal, as plain lines elsewhere.</summary>
internal sealed class DemoLog(Terminal terminal)
{
    private readonly IAnsiConsole? _console = terminal.IsOutTerminal
        ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Out) })
        : null;

    /// <summary>Reports a step.</summary>
    public void Step(string what, string detail)
    {
        if (_console is null)
            terminal.WriteLine($"{what,-10} {detail}");
        else
            Draw("✓", Color.Green, what, detail);
    }

    /// <summary>Adds details to the last step.</summary>
    public void Detail(string detail)
    {
        if (_console is null)
            terminal.WriteLine($"{"",-10} {detail}");
        else
            Draw(" ", Color.Default, "", detail);
    }

    /// <summary>Reports the result.</summary>
    public void Result(bool succeeded, string text)
    {
        if (_console is null)
            terminal.WriteLine($"{(succeeded ? "OK" : "FAILED"),-10} {text}");
        else
            Draw(succeeded ? "✓" : "✗", succeeded ? Color.Green : Color.Red, succeeded ? "OK" : "FAILED", text);
    }

    private void Draw(string mark, Color color, string what, string detail)
    {
        Grid grid = new Grid()
            .AddColumn(new GridColumn().NoWrap().Width(1))
            .AddColumn(new GridColumn().NoWrap().Width(10))
            .AddColumn();
        grid.AddRow(new Text(mark, new Style(color)), new Text(what, new Style(decoration: Decoration.Bold)), new Text(SafeText.Escape(detail)));
        _console!.Write(grid);
    }
}
